#pragma once

#include <memory>
#include <variant>

#include "async/asio.hpp"
#include "netlink/link.hpp"

namespace holdfast::netlink {

struct LinkChanged {
  Link link;
};
struct LinkRemoved {
  int index = 0;
  std::string name;
};
struct AddressAdded {
  HostAddress address;
};
struct AddressRemoved {  // by somebody, or at the end of its lifetime
  HostAddress address;
};
// The kernel had more to say than the socket could hold: look at everything again.
struct Overrun {};
using Change = std::variant<LinkChanged, LinkRemoved, AddressAdded, AddressRemoved, Overrun>;

// What changes in this network namespace, as it happens (RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
// RTNLGRP_IPV6_IFADDR). One reader. Open it before the first listing by Socket, so that nothing falls
// between.
class Monitor {
 public:
  static Result<std::unique_ptr<Monitor>> open(const asio::any_io_executor& executor);
  virtual ~Monitor() = default;
  virtual awaitable<Result<Change>> next() = 0;
};

}  // namespace holdfast::netlink
