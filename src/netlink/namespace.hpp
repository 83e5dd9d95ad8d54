#pragma once

#include <sys/types.h>

#include <future>
#include <string>
#include <utility>

#include "async/fd.hpp"
#include "base/result.hpp"

// Network namespaces with a name, kept where `ip netns` keeps them (/run/netns/NAME, ip-netns(8)), so that
// `ip netns exec NAME` enters them. Making, entering and removing one needs CAP_SYS_ADMIN.
namespace holdfast::netlink {

// A network namespace that is open: it lives on while anybody holds it open, has a process in it or a name
// for it.
class Namespace {
 public:
  static Result<Namespace> open(const std::string& name);  // Errc::not_found
  static Result<Namespace> of_this_thread();
  static Result<Namespace> of_process(pid_t pid);  // Errc::not_found: there is no such process

  // Whether both are the same one.
  bool operator==(const Namespace& other) const;

  int fd() const { return fd_.get(); }  // for Socket::move_to_namespace; stays ours

 private:
  explicit Namespace(async::Fd fd) : fd_{std::move(fd)} {}
  async::Fd fd_;
};

// Makes an empty one (its loopback link is down). Errc::conflict: the name is taken.
Result<Namespace> create_namespace(const std::string& name);

// Takes the name away. Its links go (those of hardware return to the first namespace) with its last holder.
Result<void> remove_namespace(const std::string& name);

// Moves the calling thread; sockets it opens from then on belong there, those it has stay where they were.
Result<void> enter(const Namespace& where);

// What `call`, which returns a Result, returns when made in that namespace: on a thread of its own, so that
// the calling thread never leaves its namespace. Waits for it: for short calls, not on a busy loop.
template <class Call>
auto in_namespace(const Namespace& where, Call call) {
  using Answer = decltype(call());
  const auto work = [&]() -> Answer {
    if (const auto entered = enter(where); !entered) return tl::unexpected(entered.error());
    return call();
  };
  return std::async(std::launch::async, work).get();
}

}  // namespace holdfast::netlink
