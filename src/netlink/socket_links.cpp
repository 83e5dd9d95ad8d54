#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/object.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/veth.h>

#include "base/check.hpp"
#include "netlink/checks.hpp"
#include "netlink/conversation.hpp"
#include "netlink/objects.hpp"
#include "netlink/socket.hpp"

// What Socket does with links themselves.
namespace holdfast::netlink {
namespace {

Result<void> add(Conversation& kernel, rtnl_link* link) {
  const std::string name = rtnl_link_get_name(link);
  return kernel.command("adding link " + name, [&](nl_msg** request) {
    return rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, request);
  });
}

Result<void> change(Conversation& kernel, const std::string& doing, int index, const OwnedLink& wanted) {
  const auto link = link_with(index);
  return kernel.command(doing + " link " + std::to_string(index), [&](nl_msg** request) {
    return rtnl_link_build_change_request(link.get(), wanted.get(), 0, request);
  });
}

Result<int> index_of(Result<Link> link) {
  if (!link) return tl::unexpected(link.error());
  return link->index;
}

}  // namespace

Result<Link> Socket::link(const std::string& name) {
  // One that can't be would be cut short, and another link found.
  if (auto checked = check_link_name(name); !checked) return fail(Errc::not_found, checked.error().context);
  Link found;
  const auto build = [&](nl_msg** request) { return rtnl_link_build_get_request(0, name.c_str(), request); };
  const auto asked = state_->kernel.ask("looking for link " + name, build, [&](nl_object* object) {
    found = link_of(reinterpret_cast<rtnl_link*>(object));
  });
  if (!asked) return tl::unexpected(asked.error());
  return found;
}

Result<int> Socket::add_macvlan(const std::string& name, int parent, const Mac& mac) {
  if (auto checked = check_link_name(name); !checked) return tl::unexpected(checked.error());
  const auto link = own<OwnedLink>(rtnl_link_macvlan_alloc());
  const auto address = own<OwnedIp>(nl_addr_build(AF_PACKET, mac.data(), mac.size()));
  rtnl_link_set_name(link.get(), name.c_str());
  rtnl_link_set_link(link.get(), parent);
  rtnl_link_set_addr(link.get(), address.get());
  CHECK(rtnl_link_macvlan_set_mode(link.get(), MACVLAN_MODE_PRIVATE) == 0);
  const auto added = add(state_->kernel, link.get());
  if (!added) return tl::unexpected(added.error());
  return index_of(this->link(name));
}

Result<int> Socket::add_bridge(const std::string& name) {
  if (auto checked = check_link_name(name); !checked) return tl::unexpected(checked.error());
  const auto link = own<OwnedLink>(rtnl_link_bridge_alloc());
  rtnl_link_set_name(link.get(), name.c_str());
  const auto added = add(state_->kernel, link.get());
  if (!added) return tl::unexpected(added.error());
  return index_of(this->link(name));
}

Result<void> Socket::add_veth(const std::string& name, const std::string& peer) {
  if (auto checked = check_link_name(name); !checked) return tl::unexpected(checked.error());
  if (auto checked = check_link_name(peer); !checked) return tl::unexpected(checked.error());
  const auto link = own<OwnedLink>(rtnl_link_veth_alloc());
  const auto other_end = own<OwnedLink>(rtnl_link_veth_get_peer(link.get()));
  rtnl_link_set_name(link.get(), name.c_str());
  rtnl_link_set_name(other_end.get(), peer.c_str());
  return add(state_->kernel, link.get());
}

Result<void> Socket::remove_link(int index) {
  const auto link = link_with(index);
  return state_->kernel.command("removing link " + std::to_string(index), [&](nl_msg** request) {
    return rtnl_link_build_delete_request(link.get(), request);
  });
}

Result<void> Socket::set_up(int index, bool is_up) {
  const auto wanted = link_with(index);
  if (is_up) {
    rtnl_link_set_flags(wanted.get(), IFF_UP);
  } else {
    rtnl_link_unset_flags(wanted.get(), IFF_UP);
  }
  return change(state_->kernel, is_up ? "setting up" : "setting down", index, wanted);
}

Result<void> Socket::set_master(int index, int bridge) {
  const auto wanted = link_with(index);
  rtnl_link_set_master(wanted.get(), bridge);
  return change(state_->kernel, "joining a bridge with", index, wanted);
}

Result<void> Socket::move_to_namespace(int index, int namespace_fd) {
  const auto wanted = link_with(index);
  rtnl_link_set_ns_fd(wanted.get(), namespace_fd);
  return change(state_->kernel, "moving to another namespace", index, wanted);
}

Result<void> Socket::rename(int index, const std::string& name) {
  if (auto checked = check_link_name(name); !checked) return tl::unexpected(checked.error());
  const auto wanted = link_with(index);
  rtnl_link_set_name(wanted.get(), name.c_str());
  return change(state_->kernel, "renaming to " + name, index, wanted);
}

}  // namespace holdfast::netlink
