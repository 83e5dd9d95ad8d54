#pragma once

#include "config/sections/vip.hpp"
#include "config/walk.hpp"

// How the values of `vip` are written: as keepalived writes them, one line each, or as a map of the same
// words.
namespace holdfast::config {

template <>
struct BoundOf<std::optional<int>> {
  using type = int;
};

template <>
struct Words<VrrpState> {
  static constexpr std::array table{
      std::pair{"BACKUP", VrrpState::backup}, std::pair{"MASTER", VrrpState::master},
      std::pair{"backup", VrrpState::backup}, std::pair{"master", VrrpState::master}};
};
template <>
struct Words<Ownership> {
  static constexpr std::array table{std::pair{"vrrp", Ownership::vrrp}, std::pair{"lease", Ownership::lease}};
};
template <>
struct Words<AddressScope> {
  static constexpr std::array table{
      std::pair{"global", AddressScope::global}, std::pair{"site", AddressScope::site},
      std::pair{"link", AddressScope::link}, std::pair{"host", AddressScope::host}};
};

// AH is refused with the reason.
template <>
struct Codec<AuthType> {
  static TypeInfo type() { return {"word", "string", {"none", "PASS"}}; }
  static void read(const Node& node, AuthType& out, const Spot& spot);
  static Node print(AuthType value);
};
template <>
struct Codec<IpAddress> {
  static TypeInfo type() { return {"IP address", "string"}; }
  static void read(const Node& node, IpAddress& out, const Spot& spot);
  static Node print(const IpAddress& value);
};
template <>
struct Codec<VirtualAddress> {
  static TypeInfo type() { return {"address", ""}; }
  static void read(const Node& node, VirtualAddress& out, const Spot& spot);
  static Node print(const VirtualAddress& value);
};
template <>
struct Codec<VirtualRoute> {
  static TypeInfo type() { return {"route", ""}; }
  static void read(const Node& node, VirtualRoute& out, const Spot& spot);
  static Node print(const VirtualRoute& value);
};
template <>
struct Codec<TrackEntry> {
  static TypeInfo type() { return {"name with weight", ""}; }
  static void read(const Node& node, TrackEntry& out, const Spot& spot);
  static Node print(const TrackEntry& value);
};

template <class T>
concept MaybeUnset = std::same_as<T, bool> || std::same_as<T, int> || std::same_as<T, IpAddress> ||
                     std::same_as<T, AddressScope>;
template <MaybeUnset T>
struct Codec<std::optional<T>> {
  static TypeInfo type() { return Codec<T>::type(); }
  static void read(const Node& node, std::optional<T>& out, const Spot& spot) {
    T value{};
    Codec<T>::read(node, value, spot);
    out = value;  // of a wrong one nobody hears: it has been said
  }
  static Node print(const std::optional<T>& value) { return value ? Codec<T>::print(*value) : Node{}; }
};

// One of them, or a list.
template <class T>
concept OneLine = std::same_as<T, IpAddress> || std::same_as<T, VirtualAddress> ||
                  std::same_as<T, VirtualRoute> || std::same_as<T, TrackEntry>;
template <OneLine T>
struct Codec<std::vector<T>> {
  static TypeInfo type() { return {.name = "list: " + Codec<T>::type().name, .json_type = ""}; }
  static void read(const Node& node, std::vector<T>& out, const Spot& spot) {
    std::vector<T> list(node.is_list() ? node.items.size() : 1);
    if (!node.is_list()) Codec<T>::read(node, list.front(), spot);
    for (std::size_t i = 0; i < node.items.size(); ++i) Codec<T>::read(node.items[i], list[i], spot.at(i));
    out = std::move(list);
  }
  static Node print(const std::vector<T>& value) {
    Node list = Node::list();
    for (const T& each : value) list.items.push_back(Codec<T>::print(each));
    return list;
  }
};

// NAME: {…}; the name is the section's member `name`.
template <class T>
concept NamedSection = HasSchema<T> && requires { Schema<T>::named_in_words; };

bool check_section_name(std::string_view name, const Node& node, const Spot& spot);

template <NamedSection Section>
struct Codec<std::vector<Section>> {
  static TypeInfo type() {
    return {.name = std::string{Schema<Section>::named_in_words},
            .json_type = "object",
            .kind = FieldInfo::Kind::map_of_sections,
            .section = &describe<Section>()};
  }
  static void read(const Node& node, std::vector<Section>& out, const Spot& spot) {
    if (!node.is_map()) return spot.expected(node, "a map of names to sections");
    out.clear();
    for (const auto& [name, child] : node.children) {
      if (!check_section_name(name, child, spot.at(name))) continue;
      out.emplace_back();
      out.back().name = name;
      read_section(child, out.back(), spot.at(name));
    }
  }
  static Node print(const std::vector<Section>& sections) {
    Node map = Node::map();
    for (const Section& section : sections) map.set(section.name, print_section(section));
    return map;
  }
};

}  // namespace holdfast::config
