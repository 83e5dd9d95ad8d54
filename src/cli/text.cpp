#include "cli/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/duration.hpp"
#include "dcs/cluster.hpp"

namespace holdfast::cli {
namespace {

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += starts_character(byte) ? 1 : 0;
  return count;
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && (count > 0 || !starts_character(text[end]))) {
    if (starts_character(text[end])) --count;
    ++end;
  }
  return text.substr(0, end);
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (;;) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string strip(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1)};
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string plain_text(const boost::json::value& value) {
  if (value.is_null()) return {};
  if (const auto* text = value.if_string()) return std::string{*text};
  return dcs::print_json(value);
}

std::string print_spaced_json(const boost::json::value& value) {
  std::string out;
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) out += (out.empty() ? "" : ", ") + print_spaced_json(item);
    return "[" + out + "]";
  }
  if (const auto* object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      const std::string name = dcs::print_json(boost::json::value(boost::json::string{key}));
      out += (out.empty() ? "" : ", ") + name + ": " + print_spaced_json(item);
    }
    return "{" + out + "}";
  }
  return dcs::print_json(value);
}

std::string local_time(WallInstant when) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(std::chrono::system_clock::to_time_t(when)));
}

std::string local_time_fine(WallInstant when) {
  return fmt::format("{}.{:03}00", local_time(when), when.time_since_epoch().count() % 1000);
}

std::string print_isoformat(WallInstant when) {
  std::string text = print_iso(when);  // with exactly three digits behind the second
  const auto dot = text.find('.');
  if (dot == std::string::npos) return text;
  if (text.compare(dot, 4, ".000") == 0) return text.erase(dot, 4);
  return text.insert(dot + 4, "000");
}

std::string python_list(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "'" : ", '") + word + "'";
  return "[" + out + "]";
}

}  // namespace holdfast::cli
