#include "cli/settings_change.hpp"

#include <fmt/format.h>

#include "cli/text.hpp"
#include "cli/yaml.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

void set_path(json::object& map, const std::string& path, const json::value& value,
              const std::string& prefix) {
  const bool is_flat = prefix == "postgresql.parameters.";
  const auto dot = is_flat ? std::string::npos : path.find('.');
  const std::string key = path.substr(0, dot);
  if (dot == std::string::npos) {
    if (value.is_null()) {
      map.erase(key);
    } else {
      map[key] = value;
    }
    return;
  }
  json::value& child = map[key];
  if (!child.is_object()) child = json::object{};
  set_path(child.as_object(), path.substr(dot + 1), value, prefix + key + ".");
  if (child.as_object().empty()) map.erase(key);
}

}  // namespace

Result<void> apply_setting(json::object& config, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Errc::invalid_argument, fmt::format("Invalid parameter setting {}", setting));
  }
  const auto value = parse_yaml(setting.substr(equals + 1), setting);
  if (!value) return tl::unexpected(value.error());
  set_path(config, strip(setting.substr(0, equals)), *value, "");
  return {};
}

void apply_patch(json::object& config, const json::object& changes) {
  for (const auto& [key, value] : changes) {
    if (value.is_null()) {
      config.erase(key);
    } else if (value.is_object() && config.contains(key) && config[key].is_object()) {
      apply_patch(config[key].as_object(), value.as_object());
    } else {
      config[key] = value;
    }
  }
}

}  // namespace holdfast::cli
