#include "dcs/keys.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace holdfast::dcs {
namespace {

// "/a//b/" -> "a/b"
std::string collapse_slashes(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != '/' || (!result.empty() && result.back() != '/')) result += c;
  }
  while (!result.empty() && result.back() == '/') result.pop_back();
  return result;
}

// One code point off the front of UTF-8 `text`; a byte that is not valid UTF-8 counts as itself.
std::uint32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::uint32_t first = byte(0);
  std::size_t length = 1;
  if (first >= 0xf0) {
    length = 4;
  } else if (first >= 0xe0) {
    length = 3;
  } else if (first >= 0xc0) {
    length = 2;
  }
  std::uint32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if (at >= text.size() || (byte(at) & 0xc0U) != 0x80) {
      text.remove_prefix(1);
      return first;
    }
    point = point << 6 | (byte(at) & 0x3fU);
  }
  text.remove_prefix(length);
  return point;
}

}  // namespace

Keys::Keys(std::string_view space, std::string_view scope) : scope_{scope} {
  auto root = collapse_slashes(space);
  if (root.empty()) root = "service";
  prefix_ = "/" + root + "/" + scope_ + "/";
}

std::optional<std::string> Keys::member_of(std::string_view key) const {
  const auto start = members();
  if (!key.starts_with(start)) return std::nullopt;
  const auto name = key.substr(start.size());
  if (name.empty() || name.find('/') != std::string_view::npos) return std::nullopt;
  return std::string{name};
}

std::string slot_name_of(std::string_view member_name) {
  constexpr std::size_t name_bytes_max = 63;
  std::string slot;
  while (!member_name.empty()) {
    const auto point = take_code_point(member_name);
    const bool is_kept = (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9') || point == '_';
    if (is_kept) {
      slot += static_cast<char>(point);
    } else if (point >= 'A' && point <= 'Z') {
      slot += static_cast<char>(point - 'A' + 'a');
    } else if (point == '-' || point == '.') {
      slot += '_';
    } else {
      slot += fmt::format("u{:04d}", point);
    }
  }
  return slot.substr(0, name_bytes_max);
}

}  // namespace holdfast::dcs
