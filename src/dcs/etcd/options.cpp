#include "dcs/etcd/options.hpp"

namespace holdfast::dcs {

EtcdOptions options_of(const config::EtcdConfig& config) {
  EtcdOptions options;
  for (const auto& host : config.hosts) {
    http::Url url;
    url.tls = config.protocol == config::Protocol::https;
    url.endpoint = {host.host, static_cast<std::uint16_t>(host.port)};
    options.endpoints.push_back(std::move(url));
  }
  options.srv = config.srv;
  options.srv_suffix = config.srv_suffix;
  options.tls = {.cacert = config.cacert, .cert = config.cert, .key = config.key, .key_password = {}};
  // Without a CA Patroni does not verify etcd's certificate; with one it must be right.
  options.tls.verify = !config.cacert.empty();
  options.username = config.username;
  options.password = config.password;
  options.learn_members = !config.use_proxies;
  return options;
}

}  // namespace holdfast::dcs
