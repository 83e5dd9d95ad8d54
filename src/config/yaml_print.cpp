#include <fmt/format.h>

#include "config/yaml.hpp"

namespace holdfast::config {
namespace {

// Whether a plain scalar would be read back as this same string.
bool is_plain(const std::string& text) {
  constexpr std::string_view special = ":#{}[],&*?|<>=!%@`'\"\\\n\t";
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.front() == '-') return false;
  if (text.find(": ") != std::string::npos || text.back() == ':' || text.find(" #") != std::string::npos)
    return false;
  return special.find(text.front()) == std::string_view::npos &&
         text.find_first_of("\n\t\"\\") == std::string::npos;
}

std::string quote(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (c == '\n') {
      result += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

// Text that YAML would take for a boolean, a number or nothing must stay text.
bool looks_typed(std::string_view text) {
  for (const char* word : {"true", "false", "on", "off", "yes", "no", "null", "~", "True", "False"}) {
    if (text == word) return true;
  }
  return text.find_first_not_of("0123456789.+-eE_xo:") == std::string_view::npos;
}

}  // namespace

std::string print_scalar(const Node& node) {
  if (node.is_null()) return "null";
  if (!node.quoted) return node.text;
  return is_plain(node.text) && !looks_typed(node.text) ? node.text : quote(node.text);
}

std::string print_key(const std::string& key) {
  return print_scalar(Node::string(key));
}

}  // namespace holdfast::config
