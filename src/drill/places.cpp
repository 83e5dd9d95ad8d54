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
  std::vector<Address> addresses;
  for (const auto& proxy : proxies) addresses.push_back(proxy.write);
  return addresses;
}

std::vector<Address> Places::reads() const {
  std::vector<Address> addresses;
  for (const auto& proxy : proxies) addresses.push_back(proxy.read);
  return addresses;
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
  }
  const bool tls = config.etcd.protocol == config::Protocol::https;
  for (const auto& host : config.etcd.hosts) places.etcd.push_back(url(tls, host.host, host.port));
  return places;
}

}  // namespace holdfast::drill
