#include "base/slot_name.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace holdfast {
namespace {

constexpr std::size_t slot_name_bytes_max = 63;  // PostgreSQL's NAMEDATALEN - 1

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

// As Python's str.lower() for Latin, Greek and Cyrillic letters, whatever the locale.
std::uint32_t lower(std::uint32_t point) {
  const auto is_within = [&](std::uint32_t first, std::uint32_t last) {
    return point >= first && point <= last;
  };
  const bool is_capital = is_within('A', 'Z') || (is_within(0xc0, 0xde) && point != 0xd7) ||
                          (is_within(0x391, 0x3a9) && point != 0x3a2) || is_within(0x410, 0x42f);
  if (is_capital) return point + 32;
  if (is_within(0x400, 0x40f)) return point + 80;
  if (point == 0x178) return 0xff;
  const bool capital_is_even = (is_within(0x100, 0x137) && point != 0x130) || is_within(0x14a, 0x177);
  const bool capital_is_odd = is_within(0x139, 0x148) || is_within(0x179, 0x17e);
  if ((capital_is_even && point % 2 == 0) || (capital_is_odd && point % 2 == 1)) return point + 1;
  return point;
}

}  // namespace

std::string slot_name_of(std::string_view member_name) {
  std::string slot;
  while (!member_name.empty()) {
    const auto point = lower(take_code_point(member_name));
    const bool is_kept = (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9') || point == '_';
    if (is_kept) {
      slot += static_cast<char>(point);
    } else if (point == '-' || point == '.') {
      slot += '_';
    } else {
      slot += fmt::format("u{:04d}", point);
    }
  }
  return slot.substr(0, slot_name_bytes_max);
}

}  // namespace holdfast
