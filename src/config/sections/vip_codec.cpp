#include "config/sections/vip_codec.hpp"

#include <algorithm>
#include <charconv>

namespace holdfast::config {
namespace {

// "10.0.1.10/24 dev eth1 scope link" with `head` = "ip": {ip: 10.0.1.10/24, dev: eth1, scope: link}. A word
// that needs no value is true. The other way a value is written, the map, is taken as it is.
struct Shape {
  std::string_view head;                 // name of the first word, which has none in a line
  std::vector<std::string_view> valued;  // words that a value follows
  std::vector<std::string_view> flags;   // words that stand alone
};

bool has(const std::vector<std::string_view>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::vector<std::string> names_of(const Shape& shape) {
  std::vector<std::string> names{std::string{shape.head}};
  names.insert(names.end(), shape.valued.begin(), shape.valued.end());
  names.insert(names.end(), shape.flags.begin(), shape.flags.end());
  return names;
}

// Nothing: it is wrong, and has been said.
std::optional<Node> words_of_line(const Node& line, const Shape& shape, const Spot& spot) {
  std::string text = line.text;
  std::ranges::replace(text, '\t', ' ');
  const auto words = split_words(text, ' ');
  if (words.empty()) {
    spot.expected(line, fmt::format("'{} …'", shape.head));
    return {};
  }
  Node map = Node::map(line.origin);
  const std::string head{shape.head};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (has(shape.flags, words[i])) {
      map.set(words[i], Node::scalar("true", line.origin));
    } else if (has(shape.valued, words[i]) && i + 1 < words.size()) {
      map.set(words[i], Node::string(words[i + 1], line.origin));
      ++i;
    } else if (has(shape.valued, words[i])) {
      spot.error(line, fmt::format("'{}' needs a value", words[i]));
      return {};
    } else if (map.find(head) == nullptr) {
      map.set(head, Node::string(words[i], line.origin));
    } else {
      spot.unknown_key(line, words[i], names_of(shape));
      return {};
    }
  }
  return map;
}

std::optional<Node> words_of_map(const Node& map, const Shape& shape, const Spot& spot) {
  for (const auto& [key, value] : map.children) {
    if (key == shape.head || has(shape.valued, key) || has(shape.flags, key)) continue;
    spot.unknown_key(value, key, names_of(shape));
    return {};
  }
  return map;
}

std::optional<Node> words_of(const Node& node, const Shape& shape, const Spot& spot) {
  if (node.is_scalar()) return words_of_line(node, shape, spot);
  if (node.is_map()) return words_of_map(node, shape, spot);
  spot.expected(node, "one line, or a map of its words");
  return {};
}

template <class T>
void take(const Node& words, std::string_view key, T& out, const Spot& spot) {
  if (const Node* value = words.find(key)) Codec<T>::read(*value, out, spot.at(key));
}

bool read_prefix(const Node& node, IpPrefix& out, const Spot& spot) {
  const auto prefix = node.is_scalar() ? IpPrefix::parse(node.text)
                                       : Result<IpPrefix>{fail(Errc::invalid_argument, "is no address")};
  if (prefix) {
    out = *prefix;
  } else {
    spot.error(node, prefix.error().context);
  }
  return prefix.has_value();
}

IpAddress broadcast_of(const IpPrefix& prefix) {
  std::array<std::uint8_t, 4> bytes{};
  std::ranges::copy(prefix.address.bytes(), bytes.begin());
  for (int bit = prefix.length; bit < 32; ++bit)
    bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
  return IpAddress::of(bytes);
}

void read_broadcast(const Node& node, VirtualAddress& out, const Spot& spot) {
  if (!out.prefix.address.is_ipv4()) return spot.error(node, "an IPv6 network has no broadcast address");
  if (node.text == "+") {
    out.brd = broadcast_of(out.prefix);
  } else if (node.text != "-") {
    Codec<std::optional<IpAddress>>::read(node, out.brd, spot);
  }
}

void append(std::string& line, std::string_view word, const std::string& value) {
  if (!value.empty()) line += fmt::format(" {} {}", word, value);
}

// "default" is of the family of the addresses beside it.
IpPrefix default_route(const Node& words) {
  for (const char* key : {"via", "src"}) {
    const Node* other = words.find(key);
    const auto address =
        other == nullptr ? Result<IpAddress>{fail(Errc::not_found, "")} : IpAddress::parse(other->text);
    if (address && address->is_ipv6()) return {*IpAddress::parse("::"), 0};
  }
  return {IpAddress{}, 0};
}

}  // namespace

void Codec<AuthType>::read(const Node& node, AuthType& out, const Spot& spot) {
  if (node.text == "PASS") {
    out = AuthType::pass;
  } else if (node.text == "none") {
    out = AuthType::none;
  } else if (node.text == "AH") {
    spot.error(node,
               "'AH' is not spoken by this version, and routers that differ here do not hear each other "
               "(allowed: none, PASS)");
  } else {
    spot.expected(node, "one of none, PASS");
  }
}

Node Codec<AuthType>::print(AuthType value) {
  return Node::string(value == AuthType::pass ? "PASS" : "none");
}

void Codec<IpAddress>::read(const Node& node, IpAddress& out, const Spot& spot) {
  const auto address = IpAddress::parse(node.text);
  if (!node.is_scalar() || !address) return spot.expected(node, "an IP address");
  out = *address;
}

Node Codec<IpAddress>::print(const IpAddress& value) {
  return Node::string(to_string(value));
}

void Codec<VirtualAddress>::read(const Node& node, VirtualAddress& out, const Spot& spot) {
  const auto words = words_of(node, {"ip", {"dev", "label", "brd", "broadcast", "scope"}, {}}, spot);
  if (!words) return;
  const Node* ip = words->find("ip");
  if (ip == nullptr) return spot.expected(node, "an address such as 10.0.1.10/24");
  VirtualAddress address;
  if (!read_prefix(*ip, address.prefix, spot)) return;
  if (address.prefix.address.is_unspecified() || address.prefix.address.is_multicast())
    return spot.error(*ip, fmt::format("'{}' is no address of a host", ip->text));
  take(*words, "dev", address.dev, spot);
  take(*words, "label", address.label, spot);
  take(*words, "scope", address.scope, spot);
  for (const char* key : {"brd", "broadcast"}) {
    if (const Node* brd = words->find(key)) read_broadcast(*brd, address, spot.at(key));
  }
  out = std::move(address);
}

Node Codec<VirtualAddress>::print(const VirtualAddress& value) {
  std::string line = to_string(value.prefix);
  if (value.brd) append(line, "brd", to_string(*value.brd));
  append(line, "dev", value.dev);
  if (value.scope != AddressScope::global) append(line, "scope", print_word(value.scope));
  append(line, "label", value.label);
  return Node::string(line);
}

void Codec<VirtualRoute>::read(const Node& node, VirtualRoute& out, const Spot& spot) {
  const auto words = words_of(
      node, {"to", {"via", "gw", "dev", "oif", "src", "metric", "table", "scope"}, {"onlink"}}, spot);
  if (!words) return;
  const Node* to = words->find("to");
  if (to == nullptr) return spot.expected(node, "a route such as 192.168.0.0/24 via 10.0.1.1");
  VirtualRoute route;
  if (to->text == "default") {
    route.destination = default_route(*words);
  } else if (!read_prefix(*to, route.destination, spot)) {
    return;
  }
  for (const char* key : {"via", "gw"}) take(*words, key, route.via, spot);
  for (const char* key : {"dev", "oif"}) take(*words, key, route.dev, spot);
  take(*words, "src", route.src, spot);
  take(*words, "metric", route.metric, spot);
  take(*words, "table", route.table, spot);
  take(*words, "scope", route.scope, spot);
  take(*words, "onlink", route.onlink, spot);
  const auto family = route.destination.address.family();
  if ((route.via && route.via->family() != family) || (route.src && route.src->family() != family))
    return spot.error(node, "mixes IPv4 and IPv6");
  if (route.metric < 0 || route.table < 0) return spot.error(node, "metric and table are not negative");
  out = std::move(route);
}

Node Codec<VirtualRoute>::print(const VirtualRoute& value) {
  const bool is_default = value.destination.length == 0;
  const bool says_family = value.destination.address.is_ipv4() || value.via || value.src;
  std::string line = is_default && says_family ? "default" : to_string(value.destination);
  if (value.via) append(line, "via", to_string(*value.via));
  append(line, "dev", value.dev);
  if (value.src) append(line, "src", to_string(*value.src));
  if (value.metric != 0) append(line, "metric", std::to_string(value.metric));
  if (value.table != 0) append(line, "table", std::to_string(value.table));
  if (value.scope) append(line, "scope", print_word(*value.scope));
  if (value.onlink) line += " onlink";
  return Node::string(line);
}

void Codec<TrackEntry>::read(const Node& node, TrackEntry& out, const Spot& spot) {
  const auto words = words_of(node, {"name", {"weight"}, {"reverse", "noreverse"}}, spot);
  if (!words) return;
  TrackEntry entry;
  take(*words, "name", entry.name, spot);
  take(*words, "weight", entry.weight, spot);
  take(*words, "reverse", entry.reverse, spot);
  constexpr int weight_max = 253;  // keepalived's: priorities stay within 1 to 254
  if (entry.name.empty()) return spot.expected(node, "a name, such as 'chk_disk weight -20'");
  if (entry.weight && (*entry.weight < -weight_max || *entry.weight > weight_max))
    return spot.error(node, fmt::format("weight '{}' is too far (allowed: -253 to 253)", *entry.weight));
  out = std::move(entry);
}

Node Codec<TrackEntry>::print(const TrackEntry& value) {
  std::string line = value.name;
  if (value.weight) append(line, "weight", std::to_string(*value.weight));
  if (value.reverse) line += " reverse";
  return Node::string(line);
}

bool check_section_name(std::string_view name, const Node& node, const Spot& spot) {
  constexpr std::size_t bytes_max = 64;
  const auto is_fine = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; };
  if (!name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, is_fine)) return true;
  spot.error(node,
             fmt::format("'{}' is no name: letters, digits, '_', '-' and '.', up to {}", name, bytes_max));
  return false;
}

}  // namespace holdfast::config
