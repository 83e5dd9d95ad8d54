#include "config/sections/etcd_schema.hpp"

namespace holdfast::config {
namespace {

constexpr int etcd_port = 2379;

void read_endpoint(const Node& node, std::vector<HostPort>& out, const Spot& spot) {
  if (!node.is_scalar() || node.text.empty()) return spot.expected(node, "an address such as 10.0.1.11:2379");
  const auto bracket = node.text.rfind(']');
  const auto colon = node.text.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  const auto address = parse_host_port(has_port ? node.text : fmt::format("{}:{}", node.text, etcd_port));
  if (!address) return spot.error(node, "expects an address: " + address.error().context);
  out.push_back(*address);
}

// "http://user:password@host:2379/": what patroni.yml takes for `url` and `proxy`.
void read_url(const Node& node, EtcdConfig& out, const Spot& spot) {
  std::string_view rest = node.text;
  const auto scheme = rest.find("://");
  const auto protocol = parse_word<Protocol>(rest.substr(0, scheme));
  if (!node.is_scalar() || scheme == std::string_view::npos || !protocol) {
    return spot.expected(node, "a URL such as http://10.0.1.11:2379");
  }
  out.protocol = *protocol;
  rest = rest.substr(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = rest.substr(0, at);
    out.username = user.substr(0, user.find(':'));
    if (const auto colon = user.find(':'); colon != std::string_view::npos) {
      out.password = Secret{std::string{user.substr(colon + 1)}};
    }
    rest = rest.substr(at + 1);
  }
  read_endpoint(Node::string(std::string{rest}, node.origin), out.hosts, spot);
}

bool read_other(const std::string& key, const Node& node, EtcdConfig& out, const Spot& spot) {
  if (key == "host") {
    read_endpoint(node, out.hosts, spot);
  } else if (key == "url" || key == "proxy") {
    read_url(node, out, spot);
    out.use_proxies |= key == "proxy";
  } else {
    return false;
  }
  return true;
}

}  // namespace

void Codec<std::vector<HostPort>>::read(const Node& node, std::vector<HostPort>& out, const Spot& spot) {
  StringList texts;
  Codec<StringList>::read(node, texts, spot.with_unit(1s, true));
  out.clear();
  for (std::string& text : texts) {
    // PATRONI_ETCD3_HOSTS is documented with each address in quotes.
    std::erase(text, '\'');
    read_endpoint(Node::string(text, node.origin), out, spot);
  }
}

Node Codec<std::vector<HostPort>>::print(const std::vector<HostPort>& value) {
  Node list = Node::list();
  for (const HostPort& address : value) list.items.push_back(Node::string(print_host_port(address)));
  return list;
}

std::vector<std::string> Schema<EtcdConfig>::read_others(const Node& node,
                                                         const std::vector<std::string>& keys,
                                                         EtcdConfig& out, const Spot& spot) {
  std::vector<std::string> unknown;
  for (const std::string& key : keys) {
    if (!read_other(key, *node.find(key), out, spot.at(key))) unknown.push_back(key);
  }
  return unknown;
}

void Schema<EtcdConfig>::finish(const Node& node, EtcdConfig&, const Spot& spot) {
  std::vector<std::string> ways;
  for (const char* key : {"host", "hosts", "url", "proxy", "srv"}) {
    const Node* way = node.find(key);
    if (way != nullptr && (way->is_list() || !way->text.empty())) ways.emplace_back(key);
  }
  if (ways.size() > 1)
    spot.error(node, fmt::format("names etcd in {} ways ({}); keep one", ways.size(), join(ways)));
}

}  // namespace holdfast::config
