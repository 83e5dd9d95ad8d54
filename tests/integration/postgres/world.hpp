#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <stdexcept>
#include <string>

#include "async/with_timeout.hpp"
#include "postgres/control.hpp"
#include "postgres/proc_scan.hpp"

namespace holdfast::postgres {

// A member's own folder and port under the test's temporary folder. What runs there is killed, and the folder
// removed, when the story has ended (tell() does it).
class Place {
 public:
  explicit Place(std::string name);
  Options options() const;

 private:
  std::string name_;
  int port_;
};

// Ends the story as failed when there is no value.
template <class T>
void need(const Result<T>& result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
}

// Runs a story to its end within two minutes, then kills every PostgreSQL of the test's folder.
void tell(awaitable<void> story);

// A file system of 20 MB, when the test was started by root in a place where mounting is allowed.
inline constexpr const char* small_disk = "/mnt";
bool has_small_disk();

// Bootstraps and starts; answers the system identifier.
awaitable<Result<std::string>> make_primary(Control* control);
// Clones from `source` and starts as its standby.
awaitable<Result<void>> make_standby(Control* control, Upstream source);
Upstream upstream_of(const Control& control);
// Asks until the first column of the first row is `wanted`.
awaitable<Result<void>> wait_for_answer(Control* control, std::string sql, std::string wanted);

}  // namespace holdfast::postgres
