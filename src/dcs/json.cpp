#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "dcs/cluster.hpp"

namespace holdfast::dcs {
namespace {

namespace json = boost::json;

// One code point off the front of valid UTF-8 (Boost.JSON checked it when parsing; else each byte stands for
// itself).
std::uint32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  std::uint32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t at = 1; at < length && at < text.size(); ++at) {
    point = point << 6 | (static_cast<unsigned char>(text[at]) & 0x3fU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return point;
}

void append_escaped(std::string& out, std::uint32_t point) {
  constexpr std::uint32_t first_beyond_bmp = 0x10000;
  if (point < first_beyond_bmp) {
    out += fmt::format("\\u{:04x}", point);
  } else {
    point -= first_beyond_bmp;
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto point = take_code_point(text);
    switch (point) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (point >= ' ' && point <= '~') {
          out += static_cast<char>(point);
        } else {
          append_escaped(out, point);
        }
    }
  }
  out += '"';
}

// Python's repr of a float: shortest digits, at least one decimal, exponent from 1e16 on and below 1e-4.
std::string print_float(double number) {
  if (!std::isfinite(number)) return std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
  const double size = std::abs(number);
  const bool is_fixed = number == 0 || (size >= 1e-4 && size < 1e16);
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, number,
                                 is_fixed ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text{digits, end.ptr};
  if (is_fixed && text.find('.') == std::string::npos) text += ".0";
  return text;
}

void append_value(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      out += std::to_string(value.get_int64());
      break;
    case json::kind::uint64:
      out += std::to_string(value.get_uint64());
      break;
    case json::kind::double_:
      out += print_float(value.get_double());
      break;
    case json::kind::string:
      append_string(out, value.get_string());
      break;
    case json::kind::array: {
      char separator = '[';
      for (const auto& item : value.get_array()) {
        out += std::exchange(separator, ',');
        append_value(out, item);
      }
      out += separator == '[' ? "[]" : "]";
      break;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& [key, item] : value.get_object()) {
        out += std::exchange(separator, ',');
        append_string(out, key);
        out += ':';
        append_value(out, item);
      }
      out += separator == '{' ? "{}" : "}";
      break;
    }
  }
}

}  // namespace

std::string print_json(const json::value& value) {
  std::string out;
  append_value(out, value);
  return out;
}

std::optional<json::object> parse_json_object(std::string_view text) {
  boost::system::error_code code;
  json::parse_options limits;
  limits.max_depth = 32;
  auto value = json::parse(text, code, {}, limits);
  if (code || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace holdfast::dcs
