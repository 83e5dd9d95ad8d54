#include "dcs/fields.hpp"

#include <limits>

namespace holdfast::dcs {

namespace json = boost::json;

json::value print_integer(std::uint64_t number) {
  constexpr auto signed_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (number <= signed_max) return static_cast<std::int64_t>(number);
  return number;
}

std::optional<std::int64_t> integer_of(const json::value& value) {
  if (const auto* number = value.if_int64()) return *number;
  return std::nullopt;
}

std::string take_text(json::object& fields, const char* name) {
  const auto* value = fields.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  std::string text{value->get_string().c_str(), value->get_string().size()};
  // An empty string is not the same as no field to who reads our copy: it stays among the unknown.
  if (!text.empty()) fields.erase(name);
  return text;
}

std::optional<bool> take_bool(json::object& fields, const char* name) {
  const auto* value = fields.if_contains(name);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  const bool taken = value->get_bool();
  fields.erase(name);
  return taken;
}

std::optional<std::int64_t> take_integer(json::object& fields, const char* name) {
  const auto* value = fields.if_contains(name);
  const auto taken = value == nullptr ? std::nullopt : integer_of(*value);
  if (taken) fields.erase(name);
  return taken;
}

std::optional<json::object> take_object(json::object& fields, const char* name) {
  auto* value = fields.if_contains(name);
  if (value == nullptr || !value->is_object()) return std::nullopt;
  json::object taken = value->get_object();
  fields.erase(name);
  return taken;
}

std::optional<Lsn> take_lsn(json::object& fields, const char* name) {
  const auto* value = fields.if_contains(name);
  if (value == nullptr) return std::nullopt;
  std::optional<Lsn> taken;
  if (const auto* big = value->if_uint64()) taken = Lsn{*big};
  if (const auto* small = value->if_int64(); small != nullptr && *small >= 0) {
    taken = Lsn{static_cast<std::uint64_t>(*small)};
  }
  if (taken) fields.erase(name);
  return taken;
}

}  // namespace holdfast::dcs
