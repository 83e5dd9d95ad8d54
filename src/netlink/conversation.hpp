#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "netlink/owned.hpp"
#include "netlink/socket.hpp"

namespace holdfast::netlink {

// Requests to the kernel and its answers, on one socket.
class Conversation {
 public:
  // Makes the request, as libnl's rtnl_*_build_*_request do: 0, or libnl's error.
  using Build = std::function<int(nl_msg**)>;
  using OnObject = std::function<void(nl_object*)>;

  static Result<Conversation> open();

  // Waits for the kernel's word that it is done. `doing` begins an error.
  Result<void> command(const std::string& doing, const Build& build);
  // The same, and shows each object of the answer.
  Result<void> ask(const std::string& doing, const Build& build, const OnObject& on_object);
  // All objects that `type` (RTM_GETLINK, RTM_GETADDR) lists.
  Result<void> list(const std::string& doing, int type, const OnObject& on_object);

 private:
  explicit Conversation(OwnedSocket socket) : socket_{std::move(socket)} {}
  OwnedSocket socket_;
};

struct Socket::State {
  Conversation kernel;
};

}  // namespace holdfast::netlink
