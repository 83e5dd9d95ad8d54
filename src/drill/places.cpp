#include "drill/places.hpp"

#include <algorithm>

namespace holdfast::drill {
namespace {

http::Url url(bool tls, const std::string& host, int port) {
  return {.tls = tls, .endpoint = {host, static_cast<std::uint16_t>(port)}, .target = "/"};
}

MemberPlace member_of(const config::Config& config, const config::NodeConfig& node) {
  return {.name = node.name,
          .rest = url(!config.restapi.certfile.empty(), node.host, node.ports.restapi),
          .postgres = {node.host, node.ports.postgresql},
          .data_dir = config.data_root + "/" + config.scope + "/" + node.name + "/postgresql"};
}

ProxyPlace proxy_of(const config::NodeConfig& node) {
  return {.name = node.name,
          .write = {node.host, node.ports.write},
          .read = {node.host, node.ports.read},
          .stats = url(false, node.host, node.ports.stats)};
}

VipPlace vip_of(const config::NodeConfig& node) {
  return {.name = node.name, .stats = url(false, node.host, node.ports.vip)};
}

std::vector<std::string> floating_in(const config::VipConfig& vip) {
  std::vector<std::string> addresses;
  for (const auto& each : vip.address) addresses.push_back(to_string(each.prefix.address));
  if (!addresses.empty()) return addresses;
  for (const auto& instance : vip.vrrp_instance) {
    for (const auto& each : instance.virtual_ipaddress) addresses.push_back(to_string(each.prefix.address));
  }
  return addresses;
}

// A floating address leads to whichever proxy's host has it: the port is the same on all of them.
std::vector<Address> client_addresses(const Places& places, Address ProxyPlace::* which) {
  std::vector<Address> addresses;
  for (const auto& host : places.floating) {
    if (!places.proxies.empty()) addresses.push_back({host, (places.proxies.front().*which).port});
  }
  if (!addresses.empty()) return addresses;
  for (const auto& proxy : places.proxies) addresses.push_back(proxy.*which);
  return addresses;
}

Login login_of(const config::Config& config) {
  const auto& superuser = config.postgresql.authentication.superuser;
  Login login{
      .user = superuser.username, .password = superuser.password, .database = config.postgresql.database};
  if (login.password.empty()) login.password = config.passwords.superuser;
  return login;
}

http::ClientOptions http_of(const config::Config& config) {
  http::ClientOptions options;
  options.username = config.ctl.authentication.username;
  options.password = config.ctl.authentication.password;
  if (options.username.empty()) {
    options.username = config.restapi.authentication.username;
    options.password = config.restapi.authentication.password;
  }
  options.connect_timeout = 500ms;
  return options;
}

}  // namespace

std::vector<Address> Places::writes() const {
  return client_addresses(*this, &ProxyPlace::write);
}

std::vector<Address> Places::reads() const {
  return client_addresses(*this, &ProxyPlace::read);
}

const MemberPlace* Places::member(const std::string& name) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == name; });
  return found == members.end() ? nullptr : &*found;
}

Places places_of(const config::Config& config) {
  Places places{
      .scope = config.scope, .space = config.namespace_, .http = http_of(config), .login = login_of(config)};
  for (const auto& node : config.nodes) {
    if (node.has(config::Role::agent)) places.members.push_back(member_of(config, node));
    if (node.has(config::Role::proxy)) places.proxies.push_back(proxy_of(node));
    if (node.has(config::Role::vip)) places.vips.push_back(vip_of(node));
  }
  if (!places.vips.empty()) places.floating = floating_in(config.vip);
  const bool tls = config.etcd.protocol == config::Protocol::https;
  for (const auto& host : config.etcd.hosts) places.etcd.push_back(url(tls, host.host, host.port));
  return places;
}

}  // namespace holdfast::drill
