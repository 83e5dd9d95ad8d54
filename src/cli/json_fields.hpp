#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/text.hpp"

// Fields of an answer, read leniently: what is missing or of another type is nothing, as an answer may come
// from another version.
namespace holdfast::cli {

inline std::string text_at(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? plain_text(*value) : "";
}

inline std::int64_t number_at(const boost::json::object& object, std::string_view key,
                              std::int64_t fallback = 0) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->as_int64() : fallback;
}

inline bool truth_at(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

inline std::vector<boost::json::object> objects_at(const boost::json::object& object, std::string_view key) {
  std::vector<boost::json::object> found;
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return found;
  for (const auto& item : value->as_array()) {
    if (item.is_object()) found.push_back(item.as_object());
  }
  return found;
}

inline std::vector<std::string> texts_at(const boost::json::object& object, std::string_view key) {
  std::vector<std::string> found;
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return found;
  for (const auto& item : value->as_array()) found.push_back(plain_text(item));
  return found;
}

}  // namespace holdfast::cli
