#include "base/duration.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace holdfast {
namespace {

struct Quantity {
  double number;
  std::string_view unit;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Result<Quantity> take_quantity(std::string_view text) {
  text = trim(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number)) {
    return fail(Errc::invalid_argument, fmt::format("'{}' does not start with a number", text));
  }
  return Quantity{number, trim(text.substr(static_cast<std::size_t>(end - text.data())))};
}

template <class Value, std::size_t N>
Result<Value> find_unit(const std::array<std::pair<std::string_view, Value>, N>& units,
                        std::string_view unit) {
  std::string allowed;
  for (const auto& [name, value] : units) {
    if (name == unit) return value;
    allowed += allowed.empty() ? "" : ", ";
    allowed += name;
  }
  return fail(Errc::invalid_argument, fmt::format("unknown unit '{}' (allowed: {})", unit, allowed));
}

constexpr std::array<std::pair<std::string_view, milliseconds>, 5> time_units{
    {{"ms", 1ms}, {"s", 1s}, {"min", 1min}, {"h", 1h}, {"d", 24h}}};
constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> size_units{
    {{"B", 1}, {"kB", 1LL << 10}, {"MB", 1LL << 20}, {"GB", 1LL << 30}, {"TB", 1LL << 40}}};

constexpr double largest_exact = 9.0e15;  // below 2^53: a double still holds every integer

}  // namespace

Result<milliseconds> parse_duration(std::string_view text, milliseconds bare_unit) {
  const auto quantity = take_quantity(text);
  if (!quantity) return tl::unexpected(quantity.error());
  milliseconds unit = bare_unit;
  if (!quantity->unit.empty()) {
    const auto known = find_unit(time_units, quantity->unit);
    if (!known) return tl::unexpected(known.error());
    unit = *known;
  }
  const double value = quantity->number * static_cast<double>(unit.count());
  if (std::abs(value) > largest_exact)
    return fail(Errc::invalid_argument, fmt::format("'{}' is too long a time", text));
  return milliseconds{std::llround(value)};
}

std::string print_duration(milliseconds value) {
  if (value == 0ms) return "0s";
  for (auto unit = time_units.rbegin(); unit != time_units.rend(); ++unit) {
    if (value % unit->second == 0ms) return fmt::format("{}{}", value / unit->second, unit->first);
  }
  return fmt::format("{}ms", value.count());
}

Result<std::int64_t> parse_size(std::string_view text) {
  const auto quantity = take_quantity(text);
  if (!quantity) return tl::unexpected(quantity.error());
  std::int64_t unit = 1;
  if (!quantity->unit.empty()) {
    const auto known = find_unit(size_units, quantity->unit);
    if (!known) return tl::unexpected(known.error());
    unit = *known;
  }
  const double value = quantity->number * static_cast<double>(unit);
  if (std::abs(value) > largest_exact)
    return fail(Errc::invalid_argument, fmt::format("'{}' is too large", text));
  return static_cast<std::int64_t>(std::llround(value));
}

std::string print_size(std::int64_t bytes) {
  for (auto unit = size_units.rbegin(); unit != size_units.rend(); ++unit) {
    if (std::abs(bytes) < unit->second || unit->second == 1) continue;
    const double value = static_cast<double>(bytes) / static_cast<double>(unit->second);
    return bytes % unit->second == 0 ? fmt::format("{:.0f} {}", value, unit->first)
                                     : fmt::format("{:.1f} {}", value, unit->first);
  }
  return fmt::format("{} B", bytes);
}

std::string print_iso(WallInstant when) {
  const auto whole = std::chrono::floor<seconds>(when);
  const auto fraction = (when - whole).count();
  const std::time_t time = whole.time_since_epoch().count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+00:00", fmt::gmtime(time), fraction);
}

Result<WallInstant> parse_iso(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is not a time with a time zone (like 2026-01-14T10:09:57+00:00)", text));
  };
  const std::string copy{trim(text)};
  std::tm fields{};
  const char* rest = strptime(copy.c_str(), "%Y-%m-%d", &fields);
  if (rest == nullptr || (*rest != 'T' && *rest != ' ')) return bad();
  rest = strptime(rest + 1, "%H:%M", &fields);
  if (rest == nullptr) return bad();
  double second = 0;
  if (*rest == ':') {
    const char* end = copy.c_str() + copy.size();
    const auto parsed = std::from_chars(rest + 1, end, second, std::chars_format::fixed);
    if (parsed.ec != std::errc{} || second < 0 || second >= 61) return bad();
    rest = parsed.ptr;
  }
  int zone_minutes = 0;
  if (*rest == 'Z' && rest[1] == '\0') {
    zone_minutes = 0;
  } else if (*rest == '+' || *rest == '-') {
    std::tm zone{};
    const char* end = strptime(rest + 1, "%H:%M", &zone);
    if (end == nullptr) end = strptime(rest + 1, "%H%M", &zone);
    if (end == nullptr) end = strptime(rest + 1, "%H", &zone);
    if (end == nullptr || *end != '\0') return bad();
    zone_minutes = (zone.tm_hour * 60 + zone.tm_min) * (*rest == '-' ? -1 : 1);
  } else {
    return bad();
  }
  const auto since_epoch = seconds{timegm(&fields)} - std::chrono::minutes{zone_minutes};
  return WallInstant{since_epoch} + milliseconds{std::llround(second * 1000)};
}

}  // namespace holdfast
