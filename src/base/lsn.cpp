#include "base/lsn.hpp"

#include <charconv>

namespace holdfast {

Result<Lsn> parse_lsn(std::string_view text) {
  const auto half = [](std::string_view digits) -> Result<std::uint32_t> {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
      return fail(Errc::bad_message, "not an LSN");
    }
    return value;
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return fail(Errc::bad_message, "not an LSN: '" + std::string{text} + "'");
  const auto high = half(text.substr(0, slash));
  const auto low = half(text.substr(slash + 1));
  if (!high || !low) return fail(Errc::bad_message, "not an LSN: '" + std::string{text} + "'");
  return Lsn{(static_cast<std::uint64_t>(*high) << 32) | *low};
}

std::string print_lsn(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn.value >> 32, lsn.value & 0xFFFFFFFFu);
}

}  // namespace holdfast
