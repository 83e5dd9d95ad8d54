#include "config/sections/proxy_schema.hpp"

#include <algorithm>

namespace holdfast::config {

void Codec<Target>::read(const Node& node, Target& out, const Spot& spot) {
  if (!node.is_scalar() || node.text.empty()) return spot.expected(node, type().name);
  if (const auto kind = parse_word<TargetKind>(node.text)) {
    out = {*kind, ""};
  } else {
    out = {TargetKind::member, node.text};
  }
}

Node Codec<Target>::print(const Target& value) {
  return Node::string(value.kind == TargetKind::member ? value.member : print_word(value.kind));
}

void Codec<ListenerMode>::read(const Node& node, ListenerMode& out, const Spot& spot) {
  constexpr std::array later{"session", "transaction", "statement"};
  if (node.text == "tcp") {
    out = ListenerMode::tcp;
  } else if (std::ranges::find(later, node.text) != later.end()) {
    spot.error(node, fmt::format("'{}' is not in this version (allowed: tcp)", node.text));
  } else {
    spot.expected(node, "tcp");
  }
}

Node Codec<ListenerMode>::print(ListenerMode) {
  return Node::scalar("tcp");
}

void Codec<MaxLag>::read(const Node& node, MaxLag& out, const Spot& spot) {
  if (const auto bytes = parse_size(node.text); bytes && *bytes >= 0) {
    out = {.bytes = ByteSize{*bytes}, .time = std::nullopt};
  } else if (const auto time = parse_duration(node.text); time && *time >= 0ms) {
    out = {.bytes = std::nullopt, .time = *time};
  } else {
    spot.expected(node, "a size such as 16MB, or a time such as 10s");
  }
}

Node Codec<MaxLag>::print(const MaxLag& value) {
  if (value.bytes) return Codec<ByteSize>::print(*value.bytes);
  if (value.time) return Codec<milliseconds>::print(*value.time);
  return {};
}

}  // namespace holdfast::config
