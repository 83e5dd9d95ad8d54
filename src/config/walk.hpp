#pragma once

#include "base/duration.hpp"
#include "config/codec.hpp"

// The generic walks over Schema<Section>: read, print, describe. Included by schema_*.cpp alone; they are the
// costly part.
namespace holdfast::config {

template <class Section>
const SectionInfo& describe();
template <class Section>
void read_section(const Node& node, Section& out, const Spot& spot);
template <class Section>
Node print_section(const Section& section);

// Nested sections and lists of them.
template <HasSchema Section>
struct Codec<Section> {
  static TypeInfo type() {
    return {.name = "section",
            .json_type = "object",
            .kind = FieldInfo::Kind::section,
            .section = &describe<Section>()};
  }
  static void read(const Node& node, Section& out, const Spot& spot) { read_section(node, out, spot); }
  static Node print(const Section& section) { return print_section(section); }
};

template <HasSchema Section>
struct Codec<std::vector<Section>> {
  static TypeInfo type() {
    return {.name = "list of sections",
            .json_type = "array",
            .kind = FieldInfo::Kind::list_of_sections,
            .section = &describe<Section>()};
  }
  static void read(const Node& node, std::vector<Section>& out, const Spot& spot) {
    if (!node.is_list()) return spot.expected(node, "a list");
    out.assign(node.items.size(), Section{});
    for (std::size_t i = 0; i < out.size(); ++i) read_section(node.items[i], out[i], spot.at(i));
  }
  static Node print(const std::vector<Section>& sections) {
    Node list = Node::list();
    for (const Section& section : sections) list.items.push_back(print_section(section));
    return list;
  }
};

namespace walk {

template <class Value>
std::string print_bound(const Value& value) {
  if constexpr (std::is_same_v<Value, milliseconds>) return print_duration(value);
  if constexpr (std::is_same_v<Value, ByteSize>) return std::to_string(value.value);
  if constexpr (std::is_same_v<Value, int>) return std::to_string(value);
  return {};
}

template <class Section, class Value>
std::string print_bounds(const Field<Section, Value>& field) {
  if (field.min && field.max)
    return fmt::format("{} to {}", print_bound(*field.min), print_bound(*field.max));
  if (field.min) return "at least " + print_bound(*field.min);
  if (field.max) return "at most " + print_bound(*field.max);
  return {};
}

// Out of bounds: said, and the nearest allowed value used, as Patroni does with what stands in the DCS.
template <class Section, class Value>
void check_bounds(const Field<Section, Value>& field, const Node& node, Section& out, const Spot& spot) {
  if constexpr (!std::is_same_v<Bound<Value>, std::monostate>) {
    const Bound<Value>* value = nullptr;
    if constexpr (!std::is_same_v<Value, Bound<Value>>) {  // an optional one
      value = (out.*field.member) ? &*(out.*field.member) : nullptr;
    } else {
      value = &(out.*field.member);
    }
    if (value == nullptr) return;
    const bool is_low = field.min && *value < *field.min;
    const bool is_high = field.max && *value > *field.max;
    if (!is_low && !is_high) return;
    spot.error(node, fmt::format("'{}' is too {} (allowed: {})", node.text, is_low ? "low" : "high",
                                 print_bounds(field)));
    out.*field.member = is_low ? *field.min : *field.max;
  }
}

// True when the entry knows the key; then it has been read.
template <class Section, class Value>
bool read_entry(const Field<Section, Value>& field, std::string_view key, const Node& node, Section& out,
                const Spot& spot) {
  const Spot here = spot.at(key).with_unit(field.bare_unit, field.splits_commas);
  if (key != field.key) {
    const auto aliases = split_words(field.aliases, ' ');
    if (std::find(aliases.begin(), aliases.end(), key) == aliases.end()) return false;
  }
  if (node.is_null()) return true;  // `key:` alone is a key that is not set
  Codec<Value>::read(node, out.*field.member, here);
  check_bounds(field, node, out, here);
  // What a Patroni file says anyway, because it is the default, is no news.
  if constexpr (std::equality_comparable<Value>) {
    if (field.without_effect && out.*field.member != Section{}.*field.member)
      here.warn(node, std::string{no_effect});
  }
  return true;
}

template <class Section>
bool read_entry(const Note&, std::string_view, const Node&, Section&, const Spot&) {
  return false;
}

template <class Section>
bool read_entry(const Unused& entry, std::string_view key, const Node& node, Section&, const Spot& spot) {
  if (key != entry.key) return false;
  spot.at(key).warn(node, std::string{no_effect});
  return true;
}

template <class Section>
bool read_entry(const Refused& entry, std::string_view key, const Node& node, Section&, const Spot& spot) {
  if (key != entry.key) return false;
  spot.at(key).error(node, std::string{entry.why});
  return true;
}

template <class Section, class Value>
FieldInfo describe_entry(const Field<Section, Value>& field) {
  const TypeInfo type = Codec<Value>::type();
  FieldInfo info{.key = std::string{field.key},
                 .kind = type.kind,
                 .aliases = split_words(field.aliases, ' '),
                 .help = std::string{field.help},
                 .type = type.name,
                 .json_type = type.json_type,
                 .allowed = type.allowed,
                 .bounds = print_bounds(field),
                 .apply = field.apply,
                 .is_secret = std::is_same_v<Value, Secret>,
                 .is_without_effect = field.without_effect,
                 .section = type.section};
  if (field.shown_as != nullptr) info.section = &field.shown_as();
  info.default_text = std::string{field.derived};
  if (info.default_text.empty() && info.section == nullptr) {
    const Node value = Codec<Value>::print(Section{}.*field.member);
    info.default_text = value.text;
    for (const Node& item : value.items)
      info.default_text += (info.default_text.empty() ? "" : ", ") + item.text;
  }
  return info;
}

template <class Section>
FieldInfo describe_entry(const Note& note) {
  return {.key = std::string{note.key},
          .help = std::string{note.help},
          .type = std::string{note.type},
          .apply = note.apply};
}

template <class Section>
FieldInfo describe_entry(const Unused& entry) {
  return {.key = std::string{entry.key}, .kind = FieldInfo::Kind::unused, .help = std::string{entry.help}};
}

template <class Section>
FieldInfo describe_entry(const Refused& entry) {
  return {.key = std::string{entry.key}, .kind = FieldInfo::Kind::refused, .help = std::string{entry.why}};
}

template <class Section, class Entry>
void print_entry(const Entry& entry, const Section& section, Node& out) {
  if constexpr (requires { entry.member; }) {
    out.set(std::string{entry.key},
            Codec<std::decay_t<decltype(section.*entry.member)>>::print(section.*entry.member));
  }
}

}  // namespace walk

template <class Section>
const SectionInfo& describe() {
  static const SectionInfo info = [] { SectionInfo result{.is_open = requires {Schema<Section>::is_open; }
};
std::apply(
    [&](const auto&... entry) {
      const auto one = [&](const auto& e) {
        if constexpr (requires { e.member; }) {
          result.fields.push_back(walk::describe_entry(e));
        } else {
          result.fields.push_back(walk::describe_entry<Section>(e));
        }
      };
      (one(entry), ...);
    },
    Schema<Section>::entries);
return result;
}
();
return info;
}

namespace walk {

// `restapi.certfile` twice under two names: which of them counts would be a guess.
template <class Section>
void check_aliases(const Node& node, const Spot& spot) {
  for (const FieldInfo& field : describe<Section>().fields) {
    const std::string* first = nullptr;
    std::vector<std::string> names{field.key};
    names.insert(names.end(), field.aliases.begin(), field.aliases.end());
    for (const std::string& name : names) {
      const Node* child = node.find(name);
      if (child == nullptr || child->is_null()) continue;
      if (first != nullptr)
        spot.at(name).error(*child, fmt::format("means the same as '{}', which is set too", *first));
      first = &name;
    }
  }
}

}  // namespace walk

template <class Section>
void read_section(const Node& node, Section& out, const Spot& spot) {
  if (node.is_null()) return;
  if (!node.is_map()) return spot.expected(node, "a map of keys");
  walk::check_aliases<Section>(node, spot);
  std::vector<std::string> others;
  for (const auto& [name, child] : node.children) {
    const std::string& key = name;
    const Node& value = child;
    const bool is_known = std::apply(
        [&](const auto&... entry) { return (walk::read_entry(entry, key, value, out, spot) || ...); },
        Schema<Section>::entries);
    if (!is_known) others.push_back(key);
  }
  if constexpr (requires { Schema<Section>::read_others(node, others, out, spot); }) {
    others = Schema<Section>::read_others(node, others, out, spot);
  }
  for (const std::string& key : others) spot.unknown_key(*node.find(key), key, describe<Section>().keys());
  if constexpr (requires { Schema<Section>::finish(node, out, spot); })
    Schema<Section>::finish(node, out, spot);
}

template <class Section>
Node print_section(const Section& section) {
  Node out = Node::map();
  std::apply([&](const auto&... entry) { (walk::print_entry(entry, section, out), ...); },
             Schema<Section>::entries);
  if constexpr (requires { Schema<Section>::print_others(section, out); })
    Schema<Section>::print_others(section, out);
  return out;
}

}  // namespace holdfast::config
