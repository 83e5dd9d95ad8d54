#include <boost/json.hpp>

#include "config/read_config.hpp"
#include "config/show.hpp"

namespace holdfast::config {
namespace {

namespace json = boost::json;

json::object section_schema(const SectionInfo& section, int depth);

json::object field_schema(const FieldInfo& field, int depth) {
  json::object out;
  out["description"] = field.help;
  if (field.section != nullptr && depth > 0) {
    json::object inner = section_schema(*field.section, depth - 1);
    if (field.kind == FieldInfo::Kind::list_of_sections) {
      out["type"] = "array";
      out["items"] = std::move(inner);
    } else if (field.kind == FieldInfo::Kind::map_of_sections) {
      out["type"] = "object";
      out["additionalProperties"] =
          json::object{{"anyOf", json::array{std::move(inner), json::object{{"type", "string"}}}}};
    } else {
      for (auto& [key, value] : inner) out[key] = value;
    }
    return out;
  }
  if (!field.json_type.empty()) out["type"] = field.json_type;
  if (!field.default_text.empty() && field.json_type == "string" && !field.is_secret)
    out["default"] = field.default_text;
  return out;
}

json::object section_schema(const SectionInfo& section, int depth) {
  json::object properties;
  for (const FieldInfo& field : section.fields) {
    if (field.kind == FieldInfo::Kind::refused) continue;
    properties[field.key] = field_schema(field, depth);
    for (const std::string& alias : field.aliases) properties[alias] = field_schema(field, depth);
  }
  json::object out;
  out["type"] = json::array{"object", "null"};
  out["properties"] = std::move(properties);
  out["additionalProperties"] = section.is_open;
  return out;
}

}  // namespace

std::string json_schema() {
  constexpr int depth_max = 6;  // deeper than any section is nested
  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "Holdfast configuration"}};
  json::object top = section_schema(describe_config(), depth_max);
  for (auto& [key, value] : top) out[key] = value;
  return json::serialize(out) + "\n";
}

}  // namespace holdfast::config
