#include "config/codec.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "base/duration.hpp"

namespace holdfast::config {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// One element of a list or map: a scalar, or nothing at all.
bool read_text(const Node& node, std::string& out, const Spot& spot) {
  if (node.is_null()) return true;
  if (!node.is_scalar()) {
    spot.expected(node, "a string");
    return false;
  }
  out = node.text;
  return true;
}

void read_secret_file(const Node& node, Secret& out, const Spot& spot) {
  const Node* file = node.find("file");
  if (file == nullptr || !file->is_scalar() || node.children.size() != 1) {
    spot.error(node, "expects a password, or {file: PATH}");
    return;
  }
  std::ifstream stream{file->text};
  std::string line;
  if (!stream || !std::getline(stream, line)) {
    spot.error(*file, fmt::format("the password file '{}' can't be read or is empty", file->text));
    return;
  }
  out = Secret{std::move(line)};
}

}  // namespace

void Codec<bool>::read(const Node& node, bool& out, const Spot& spot) {
  const std::string word = lower(node.text);
  if (word == "true" || word == "on" || word == "yes" || word == "1") {
    out = true;
  } else if (word == "false" || word == "off" || word == "no" || word == "0") {
    out = false;
  } else {
    spot.expected(node, "true or false");
  }
}

Node Codec<bool>::print(bool value) {
  return Node::scalar(value ? "true" : "false");
}

void Codec<int>::read(const Node& node, int& out, const Spot& spot) {
  int value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto parsed = std::from_chars(node.text.data(), end, value);
  if (!node.is_scalar() || parsed.ec != std::errc{} || parsed.ptr != end) {
    spot.expected(node, "an integer");
    return;
  }
  out = value;
}

Node Codec<int>::print(int value) {
  return Node::scalar(std::to_string(value));
}

void Codec<std::string>::read(const Node& node, std::string& out, const Spot& spot) {
  read_text(node, out, spot);
}

Node Codec<std::string>::print(const std::string& value) {
  return Node::string(value);
}

void Codec<Secret>::read(const Node& node, Secret& out, const Spot& spot) {
  if (node.is_scalar()) {
    out = Secret{node.text};
  } else {
    read_secret_file(node, out, spot);
  }
}

Node Codec<Secret>::print(const Secret& value) {
  return Node::string(value.reveal());
}

void Codec<milliseconds>::read(const Node& node, milliseconds& out, const Spot& spot) {
  const auto value = node.is_scalar() ? parse_duration(node.text, spot.bare_unit())
                                      : Result<milliseconds>{fail(Errc::invalid_argument, "")};
  if (!value) {
    spot.expected(node, "a time such as 10s, 500ms or 5min");
    return;
  }
  out = *value;
}

Node Codec<milliseconds>::print(milliseconds value) {
  return Node::scalar(print_duration(value));
}

void Codec<ByteSize>::read(const Node& node, ByteSize& out, const Spot& spot) {
  const auto value =
      node.is_scalar() ? parse_size(node.text) : Result<std::int64_t>{fail(Errc::invalid_argument, "")};
  if (!value) {
    spot.expected(node, "a size such as 1048576, 16MB or 1GB");
    return;
  }
  out = ByteSize{*value};
}

Node Codec<ByteSize>::print(ByteSize value) {
  return Node::scalar(std::to_string(value.value));
}

void Codec<HostPort>::read(const Node& node, HostPort& out, const Spot& spot) {
  if (!node.is_scalar()) {
    spot.expected(node, "an address with a port, such as 10.0.1.11:5432");
    return;
  }
  auto address = parse_host_port(node.text);
  if (!address) {
    spot.error(node, "expects an address with a port: " + address.error().context);
    return;
  }
  out = *std::move(address);
}

Node Codec<HostPort>::print(const HostPort& value) {
  return value ? Node::string(print_host_port(value)) : Node{};
}

void Codec<StringList>::read(const Node& node, StringList& out, const Spot& spot) {
  StringList list;
  if (node.is_scalar()) {
    list = spot.splits_commas() ? split_words(node.text, ',') : StringList{node.text};
  } else if (node.is_list()) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      std::string text;
      if (read_text(node.items[i], text, spot.at(i))) list.push_back(std::move(text));
    }
  } else {
    spot.expected(node, "a list of strings");
    return;
  }
  out = std::move(list);
}

Node Codec<StringList>::print(const StringList& value) {
  Node list = Node::list();
  for (const std::string& text : value) list.items.push_back(Node::string(text));
  return list;
}

void Codec<StringMap>::read(const Node& node, StringMap& out, const Spot& spot) {
  if (!node.is_map()) {
    spot.expected(node, "a map of names to strings");
    return;
  }
  StringMap map;
  for (const auto& [key, value] : node.children) {
    std::string text;
    if (read_text(value, text, spot.at(key))) map.set(key, std::move(text));
  }
  out = std::move(map);
}

Node Codec<StringMap>::print(const StringMap& value) {
  Node map = Node::map();
  for (const auto& [key, text] : value) map.set(key, Node::string(text));
  return map;
}

void Codec<Node>::read(const Node& node, Node& out, const Spot& spot) {
  if (!node.is_map()) {
    spot.expected(node, "a map");
    return;
  }
  out = node;
}

void Codec<log::Level>::read(const Node& node, log::Level& out, const Spot& spot) {
  const auto level =
      node.is_scalar() ? log::parse_level(node.text) : Result<log::Level>{fail(Errc::bad_message, "")};
  if (!level) {
    spot.expected(node, "one of " + join(type().allowed));
    return;
  }
  out = *level;
}

Node Codec<log::Level>::print(log::Level value) {
  switch (value) {
    case log::Level::debug:
      return Node::scalar("DEBUG");
    case log::Level::info:
      return Node::scalar("INFO");
    case log::Level::warn:
      return Node::scalar("WARNING");
    case log::Level::error:
      return Node::scalar("ERROR");
    case log::Level::off:
      return Node::scalar("CRITICAL");
  }
  return {};
}

void Codec<std::optional<milliseconds>>::read(const Node& node, std::optional<milliseconds>& out,
                                              const Spot& spot) {
  milliseconds value = out.value_or(milliseconds::min());
  Codec<milliseconds>::read(node, value, spot);
  if (value != milliseconds::min()) out = value;
}

Node Codec<std::optional<milliseconds>>::print(const std::optional<milliseconds>& value) {
  return value ? Codec<milliseconds>::print(*value) : Node{};
}

}  // namespace holdfast::config
