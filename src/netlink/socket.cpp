#include "netlink/socket.hpp"

#include <linux/rtnetlink.h>
#include <netlink/object.h>

#include "netlink/checks.hpp"
#include "netlink/conversation.hpp"
#include "netlink/objects.hpp"

namespace holdfast::netlink {
namespace {

std::string on_link(int link) {
  return " on link " + std::to_string(link);
}

// A listing during which something changed may lack or repeat an entry (NLM_F_DUMP_INTR): it is made again.
template <class Value, class Convert>
Result<std::vector<Value>> list_all(Conversation& kernel, const std::string& doing, int type,
                                    Convert convert) {
  Result<void> listed;
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::vector<Value> found;
    listed = kernel.list(doing, type, [&](nl_object* object) { found.push_back(convert(object)); });
    if (listed) return found;
    if (listed.error().code != Errc::conflict) break;
  }
  return tl::unexpected(listed.error());
}

}  // namespace

Socket::Socket(std::unique_ptr<State> state) : state_{std::move(state)} {}
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;
Socket::~Socket() = default;

Result<Socket> Socket::open() {
  auto kernel = Conversation::open();
  if (!kernel) return tl::unexpected(kernel.error());
  return Socket{std::make_unique<State>(State{*std::move(kernel)})};
}

Result<std::vector<Link>> Socket::links() {
  const auto convert = [](nl_object* object) { return link_of(reinterpret_cast<rtnl_link*>(object)); };
  return list_all<Link>(state_->kernel, "listing links", RTM_GETLINK, convert);
}

Result<std::vector<HostAddress>> Socket::addresses() {
  const auto convert = [](nl_object* object) { return address_of(reinterpret_cast<rtnl_addr*>(object)); };
  return list_all<HostAddress>(state_->kernel, "listing addresses", RTM_GETADDR, convert);
}

Result<bool> Socket::set_address(const AddressSpec& spec) {
  if (auto checked = check(spec); !checked) return tl::unexpected(checked.error());
  const auto address = address_to_set(spec);
  const auto set = [&](int flags) {
    return state_->kernel.command(
        "setting " + to_string(spec.prefix) + on_link(spec.link),
        [&](nl_msg** request) { return rtnl_addr_build_add_request(address.get(), flags, request); });
  };
  // The kernel's answer to a replacement does not tell whether there was something to replace.
  const auto added = set(NLM_F_CREATE | NLM_F_EXCL);
  if (added) return true;
  if (added.error().code != Errc::conflict) return tl::unexpected(added.error());
  const auto renewed = set(NLM_F_CREATE | NLM_F_REPLACE);
  if (!renewed) return tl::unexpected(renewed.error());
  return false;
}

Result<void> Socket::remove_address(int link, const IpPrefix& prefix) {
  const auto address = address_to_remove(link, prefix);
  return state_->kernel.command("removing " + to_string(prefix) + on_link(link), [&](nl_msg** request) {
    return rtnl_addr_build_delete_request(address.get(), 0, request);
  });
}

Result<void> Socket::set_route(const RouteSpec& spec) {
  if (auto checked = check(spec); !checked) return tl::unexpected(checked.error());
  const auto route = route_of(spec);
  return state_->kernel.command("setting route " + to_string(spec.destination), [&](nl_msg** request) {
    return rtnl_route_build_add_request(route.get(), NLM_F_CREATE | NLM_F_REPLACE, request);
  });
}

Result<void> Socket::remove_route(const RouteSpec& spec) {
  if (auto checked = check(spec); !checked) return tl::unexpected(checked.error());
  const auto route = route_of(spec);
  return state_->kernel.command("removing route " + to_string(spec.destination), [&](nl_msg** request) {
    return rtnl_route_build_del_request(route.get(), 0, request);
  });
}

}  // namespace holdfast::netlink
