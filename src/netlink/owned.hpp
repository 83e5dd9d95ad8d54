#pragma once

#include <netlink/addr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>

#include <memory>
#include <new>

// libnl's objects with an owner. Included by .cpp files of this folder only.
namespace holdfast::netlink {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

using OwnedSocket = std::unique_ptr<nl_sock, Release<nl_socket_free>>;
using OwnedCallbacks = std::unique_ptr<nl_cb, Release<nl_cb_put>>;
using OwnedMessage = std::unique_ptr<nl_msg, Release<nlmsg_free>>;
using OwnedIp = std::unique_ptr<nl_addr, Release<nl_addr_put>>;
using OwnedAddress = std::unique_ptr<rtnl_addr, Release<rtnl_addr_put>>;
using OwnedLink = std::unique_ptr<rtnl_link, Release<rtnl_link_put>>;
using OwnedRoute = std::unique_ptr<rtnl_route, Release<rtnl_route_put>>;

// libnl answers nullptr for one reason only: no memory.
template <class Owned>
Owned own(typename Owned::pointer object) {
  if (object == nullptr) throw std::bad_alloc{};
  return Owned{object};
}

}  // namespace holdfast::netlink
