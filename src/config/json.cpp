#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "config/dynamic.hpp"

namespace holdfast::config {
namespace {

namespace json = boost::json;

const Origin from_dcs{Origin::Kind::dcs, "/config"};

Node to_node(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return Node{.origin = from_dcs};
    case json::kind::string:
      return Node::string(std::string{value.get_string()}, from_dcs);
    case json::kind::array: {
      Node list = Node::list(from_dcs);
      for (const json::value& item : value.get_array()) list.items.push_back(to_node(item));
      return list;
    }
    case json::kind::object: {
      Node map = Node::map(from_dcs);
      for (const auto& [key, item] : value.get_object()) map.set(std::string{key}, to_node(item));
      return map;
    }
    default:
      break;
  }
  if (value.is_double()) return Node::scalar(fmt::format("{}", value.get_double()), from_dcs);
  return Node::scalar(json::serialize(value), from_dcs);
}

// What YAML 1.1 makes of a plain scalar (PyYAML, which wrote every /config there is).
json::value typed(const std::string& text) {
  for (const char* word : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}) {
    if (text == word) return true;
  }
  for (const char* word : {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}) {
    if (text == word) return false;
  }
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto parsed = std::from_chars(text.data(), end, integer);
      parsed.ec == std::errc{} && parsed.ptr == end) {
    return integer;
  }
  double number = 0;
  const auto parsed = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == end && text.find('.') != std::string::npos;
  if (is_number) return number;
  return json::value(text);
}

json::value to_json(const Node& node) {
  if (node.is_null()) return nullptr;
  if (node.is_scalar()) return node.quoted ? json::value(node.text) : typed(node.text);
  if (node.is_list()) {
    json::array list;
    for (const Node& item : node.items) list.push_back(to_json(item));
    return list;
  }
  json::object map;
  for (const auto& [key, value] : node.children) map[key] = to_json(value);
  return map;
}

}  // namespace

Result<Node> parse_json(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  const json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return fail(Errc::bad_message, "is not JSON: " + error.message());
  return to_node(value);
}

std::string print_json(const Node& tree) {
  return json::serialize(to_json(tree));
}

}  // namespace holdfast::config
