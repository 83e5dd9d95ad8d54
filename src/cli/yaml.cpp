#include "cli/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <map>
#include <optional>

#include "config/yaml.hpp"
#include "dcs/cluster.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<bool> boolean_of(std::string_view word) {
  constexpr std::array<std::string_view, 9> yes{"true", "True", "TRUE", "yes", "Yes",
                                                "YES",  "on",   "On",   "ON"};
  constexpr std::array<std::string_view, 9> no{"false", "False", "FALSE", "no", "No",
                                               "NO",    "off",   "Off",   "OFF"};
  if (is_one_of(word, yes)) return true;
  if (is_one_of(word, no)) return false;
  return {};
}

bool is_null_word(std::string_view word) {
  constexpr std::array<std::string_view, 5> words{"", "~", "null", "Null", "NULL"};
  return is_one_of(word, words);
}

template <class Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  if (word.starts_with('+')) word.remove_prefix(1);
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (failure != std::errc{} || end != word.data() + word.size()) return {};
  return number;
}

json::value scalar_value(std::string_view word) {
  if (is_null_word(word)) return nullptr;
  if (const auto truth = boolean_of(word)) return *truth;
  if (const auto number = number_of<std::int64_t>(word)) return *number;
  const bool looks_like_float = word.find('.') != std::string_view::npos &&
                                word.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
  if (const auto number = looks_like_float ? number_of<double>(word) : std::optional<double>{})
    return *number;
  return json::value(json::string{word});
}

json::value value_of(const config::Node& node) {
  switch (node.kind) {
    case config::Node::Kind::null:
      return nullptr;
    case config::Node::Kind::scalar:
      return node.quoted ? json::value(json::string{node.text}) : scalar_value(node.text);
    case config::Node::Kind::list: {
      json::array array;
      for (const auto& item : node.items) array.push_back(value_of(item));
      return array;
    }
    case config::Node::Kind::map: {
      json::object object;
      for (const auto& child : node.children) object[child.key] = value_of(child.value);
      return object;
    }
  }
  return nullptr;
}

// May `text` stand without quotes and be read back as the same string?
bool is_plain(std::string_view text) {
  constexpr std::string_view bad_first = "-?:,[]{}#&*!|>'\"%@`= ";
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (text == "---" || text == "..." || !scalar_value(text).is_string()) return false;
  const bool may_begin = bad_first.find(text.front()) == std::string_view::npos ||
                         ((text.front() == '-' || text.front() == '?' || text.front() == ':') &&
                          text.size() > 1 && text[1] != ' ');
  // Dates and numbers in other notations would be read as something else by YAML 1.1.
  const bool is_numberlike =
      text.find_first_not_of("+-.:_xabcdefABCDEFTZ0123456789 ") == std::string_view::npos &&
      text.find_first_of("0123456789") == 0;
  return may_begin && !is_numberlike && text.find(": ") == std::string_view::npos &&
         text.find(" #") == std::string_view::npos;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string print_string(std::string_view text, bool one_line) {
  if (has_control(text)) return dcs::print_json(json::value(json::string{text}));
  const bool breaks_flow = one_line && text.find_first_of(",[]{}") != std::string_view::npos;
  if (is_plain(text) && !breaks_flow) return std::string{text};
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string{"''"} : std::string{c};
  return quoted + "'";
}

std::string print_scalar(const json::value& value, bool one_line) {
  if (const auto* text = value.if_string()) return print_string({text->data(), text->size()}, one_line);
  return dcs::print_json(value);
}

std::map<std::string, const json::value*> sorted(const json::object& object) {
  std::map<std::string, const json::value*> entries;
  for (const auto& [key, value] : object) entries[std::string{key}] = &value;
  return entries;
}

bool is_nested(const json::value& value) {
  return (value.is_object() && !value.as_object().empty()) || (value.is_array() && !value.as_array().empty());
}

std::string print_flow(const json::value& value) {
  std::string out;
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) out += (out.empty() ? "" : ", ") + print_flow(item);
    return "[" + out + "]";
  }
  if (const auto* object = value.if_object()) {
    for (const auto& [key, item] : sorted(*object))
      out += (out.empty() ? "" : ", ") + print_string(key, true) + ": " + print_flow(*item);
    return "{" + out + "}";
  }
  return print_scalar(value, true);
}

void print_block(const json::value& value, const std::string& indent, std::string& out);

void print_entry(const json::value& value, const std::string& indent, std::string& out) {
  if (!is_nested(value)) {
    out += " " + (value.is_string() ? print_scalar(value, false) : print_flow(value)) + "\n";
    return;
  }
  out += "\n";
  // A list stands under its key without being indented.
  print_block(value, value.is_array() ? indent : indent + "  ", out);
}

void print_block(const json::value& value, const std::string& indent, std::string& out) {
  if (const auto* object = value.if_object()) {
    for (const auto& [key, item] : sorted(*object)) {
      out += indent + print_string(key, false) + ":";
      print_entry(*item, indent, out);
    }
    return;
  }
  for (const auto& item : value.as_array()) {
    std::string inner;
    if (is_nested(item)) {
      print_block(item, indent + "  ", inner);
      inner.replace(0, indent.size() + 2, indent + "- ");
    } else {
      inner = indent + "- " + print_flow(item) + "\n";
    }
    out += inner;
  }
}

}  // namespace

std::string print_yaml(const json::value& value, bool one_line) {
  if (one_line || !is_nested(value)) return print_flow(value) + "\n";
  std::string out;
  print_block(value, "", out);
  return out;
}

Result<json::value> parse_yaml(std::string_view text, const std::string& file) {
  config::Problems problems;
  const auto node = config::parse_yaml(text, file, problems);
  if (problems.has_errors()) return fail(Errc::invalid_argument, config::print_problems(problems));
  return value_of(node);
}

}  // namespace holdfast::cli
