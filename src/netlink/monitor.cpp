#include "netlink/monitor.hpp"

#include <linux/rtnetlink.h>
#include <netlink/object.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>

#include "netlink/objects.hpp"

namespace holdfast::netlink {
namespace {

using Changes = std::deque<Change>;

constexpr int buffer_size = 1 << 20;  // as far as net.core.rmem_max allows

// A bridge tells of its ports under a family of its own, and of one that leaves it as if the link were gone.
bool is_of_a_bridge(nl_msg* message) {
  const auto* header = nlmsg_hdr(message);
  const bool is_link = header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_DELLINK;
  return is_link && static_cast<const ifinfomsg*>(nlmsg_data(header))->ifi_family == AF_BRIDGE;
}

void add_link(Changes& changes, rtnl_link* link, bool is_removed) {
  auto value = link_of(link);
  if (is_removed) {
    changes.emplace_back(LinkRemoved{value.index, std::move(value.name)});
  } else {
    changes.emplace_back(LinkChanged{std::move(value)});
  }
}

void add_change(nl_object* object, void* changes) {
  auto& all = *static_cast<Changes*>(changes);
  switch (nl_object_get_msgtype(object)) {
    case RTM_NEWLINK:
      return add_link(all, reinterpret_cast<rtnl_link*>(object), false);
    case RTM_DELLINK:
      return add_link(all, reinterpret_cast<rtnl_link*>(object), true);
    case RTM_NEWADDR:
      all.emplace_back(AddressAdded{address_of(reinterpret_cast<rtnl_addr*>(object))});
      return;
    case RTM_DELADDR:
      all.emplace_back(AddressRemoved{address_of(reinterpret_cast<rtnl_addr*>(object))});
      return;
    default:
      return;
  }
}

int on_message(nl_msg* message, void* changes) {
  if (!is_of_a_bridge(message)) nl_msg_parse(message, add_change, changes);
  return NL_OK;
}

class KernelMonitor : public Monitor {
 public:
  KernelMonitor(const asio::any_io_executor& executor, OwnedSocket socket)
      : socket_{std::move(socket)}, readable_{executor, nl_socket_get_fd(socket_.get())} {
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, &changes_);
  }
  ~KernelMonitor() override { readable_.release(); }  // the socket is libnl's to close

  awaitable<Result<Change>> next() override {
    while (changes_.empty()) {
      const auto [ec] = co_await readable_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
      if (ec) co_return async::fail_with("watching links and addresses", ec);
      const auto taken = take_messages();
      if (!taken) co_return tl::unexpected(taken.error());
    }
    auto change = std::move(changes_.front());
    changes_.pop_front();
    co_return change;
  }

 private:
  Result<void> take_messages() {
    int code = nl_recvmsgs_default(socket_.get());
    if (code == lost_some) {
      // The kernel goes on dropping, without another word, until the socket is empty: only then does looking
      // at everything again miss nothing.
      while (code >= 0 || code == lost_some) code = nl_recvmsgs_default(socket_.get());
      changes_.assign(1, Overrun{});
    }
    if (code >= 0 || code == -NLE_AGAIN) return {};
    return fail(Errc::io_error, std::string{"watching links and addresses: "} + nl_geterror(code));
  }

  static constexpr int lost_some = -NLE_NOMEM;  // so libnl calls ENOBUFS
  Changes changes_;
  OwnedSocket socket_;
  asio::posix::stream_descriptor readable_;
};

}  // namespace

Result<std::unique_ptr<Monitor>> Monitor::open(const asio::any_io_executor& executor) {
  auto socket = own<OwnedSocket>(nl_socket_alloc());
  nl_socket_disable_seq_check(socket.get());  // what is told unasked has no number
  int code = nl_connect(socket.get(), NETLINK_ROUTE);
  if (code >= 0) {
    code = nl_socket_add_memberships(socket.get(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                     RTNLGRP_NONE);
  }
  if (code >= 0) code = nl_socket_set_buffer_size(socket.get(), buffer_size, 0);
  if (code >= 0) code = nl_socket_set_nonblocking(socket.get());
  if (code < 0) return fail(Errc::io_error, std::string{"opening a netlink socket: "} + nl_geterror(code));
  return std::make_unique<KernelMonitor>(executor, std::move(socket));
}

}  // namespace holdfast::netlink
