#pragma once

#include "base/log.hpp"
#include "base/secret.hpp"
#include "config/schema.hpp"

// How a value of each C++ type is read from a Node, printed to one, and named in words.
namespace holdfast::config {

struct TypeInfo {
  std::string name;
  std::string json_type;
  std::vector<std::string> allowed = {};
  FieldInfo::Kind kind = FieldInfo::Kind::value;
  const SectionInfo* section = nullptr;
};

// Codec<T>::read leaves `out` as it is when the node is wrong, and says so at the spot.
template <class T>
struct Codec;

template <>
struct Codec<bool> {
  static TypeInfo type() { return {"boolean", "boolean", {"true", "false"}}; }
  static void read(const Node& node, bool& out, const Spot& spot);
  static Node print(bool value);
};
template <>
struct Codec<int> {
  static TypeInfo type() { return {"integer", "integer"}; }
  static void read(const Node& node, int& out, const Spot& spot);
  static Node print(int value);
};
template <>
struct Codec<std::string> {
  static TypeInfo type() { return {"string", "string"}; }
  static void read(const Node& node, std::string& out, const Spot& spot);
  static Node print(const std::string& value);
};
// A password: the text, or {file: PATH} with the text in the file's first line.
template <>
struct Codec<Secret> {
  static TypeInfo type() { return {"password (or `{file: PATH}`)", ""}; }
  static void read(const Node& node, Secret& out, const Spot& spot);
  static Node print(const Secret& value);
};
template <>
struct Codec<milliseconds> {
  static TypeInfo type() { return {"time", ""}; }
  static void read(const Node& node, milliseconds& out, const Spot& spot);
  static Node print(milliseconds value);
};
template <>
struct Codec<ByteSize> {
  static TypeInfo type() { return {"size", ""}; }
  static void read(const Node& node, ByteSize& out, const Spot& spot);
  static Node print(ByteSize value);
};
template <>
struct Codec<HostPort> {
  static TypeInfo type() { return {"host:port", "string"}; }
  static void read(const Node& node, HostPort& out, const Spot& spot);
  static Node print(const HostPort& value);
};
template <>
struct Codec<StringList> {
  static TypeInfo type() { return {"list of strings", ""}; }
  static void read(const Node& node, StringList& out, const Spot& spot);
  static Node print(const StringList& value);
};
template <>
struct Codec<StringMap> {
  static TypeInfo type() { return {"map of strings", "object"}; }
  static void read(const Node& node, StringMap& out, const Spot& spot);
  static Node print(const StringMap& value);
};
// Kept as it is, for what is read later.
template <>
struct Codec<Node> {
  static TypeInfo type() { return {"map", "object"}; }
  static void read(const Node& node, Node& out, const Spot& spot);
  static Node print(const Node& value) { return value; }
};
template <>
struct Codec<log::Level> {
  static TypeInfo type() { return {"word", "string", {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}}; }
  static void read(const Node& node, log::Level& out, const Spot& spot);
  static Node print(log::Level value);
};
template <>
struct Codec<std::optional<milliseconds>> {
  static TypeInfo type() { return Codec<milliseconds>::type(); }
  static void read(const Node& node, std::optional<milliseconds>& out, const Spot& spot);
  static Node print(const std::optional<milliseconds>& value);
};

// An enumeration: Words<E>::table pairs each accepted word with its value; the first word of a value is how
// it prints.
template <class E>
struct Words;

template <class E>
concept HasWords = requires { Words<E>::table; };

template <HasWords E>
std::string print_word(E value) {
  for (const auto& [word, meaning] : Words<E>::table) {
    if (meaning == value) return std::string{word};
  }
  return {};
}

template <HasWords E>
std::optional<E> parse_word(std::string_view text) {
  for (const auto& [word, meaning] : Words<E>::table) {
    if (word == text) return meaning;
  }
  return std::nullopt;
}

template <HasWords E>
struct Codec<E> {
  static TypeInfo type() {
    TypeInfo info{.name = "word", .json_type = ""};
    for (const auto& [word, meaning] : Words<E>::table) {
      if (print_word(meaning) == word) info.allowed.emplace_back(word);
    }
    return info;
  }
  static void read(const Node& node, E& out, const Spot& spot) {
    const auto value = node.is_scalar() ? parse_word<E>(node.text) : std::nullopt;
    if (value) {
      out = *value;
    } else {
      spot.expected(node, "one of " + join(type().allowed));
    }
  }
  static Node print(E value) { return Node::scalar(print_word(value)); }
};

}  // namespace holdfast::config
