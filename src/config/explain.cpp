#include <fmt/format.h>

#include "config/read_config.hpp"
#include "config/show.hpp"

namespace holdfast::config {
namespace {

std::string in_words(Apply apply) {
  switch (apply) {
    case Apply::reload:
      return "on reload";
    case Apply::restart:
      return "after a restart of the role";
    case Apply::cluster:
      return "at once, on all members, when changed in the DCS (edit-config)";
    case Apply::bootstrap:
      return "when the cluster is created";
  }
  return {};
}

void explain_section(const SectionInfo& section, std::string& out) {
  out += "keys:\n";
  for (const FieldInfo& field : section.fields) {
    if (field.kind != FieldInfo::Kind::refused) out += fmt::format("  {:<28} {}\n", field.key, field.help);
  }
  if (section.is_open) out += "further keys are your own\n";
}

std::string explain_field(const std::string& path, const FieldInfo& field) {
  std::string out = fmt::format("{}: {}\n", path, field.help);
  if (field.kind == FieldInfo::Kind::unused)
    return out + "accepted for compatibility, without effect in this version\n";
  if (field.kind == FieldInfo::Kind::refused) return out;
  if (!field.type.empty() && field.kind != FieldInfo::Kind::section)
    out += fmt::format("type:     {}\n", field.type);
  if (!field.allowed.empty()) out += fmt::format("allowed:  {}\n", join(field.allowed));
  if (!field.bounds.empty()) out += fmt::format("bounds:   {}\n", field.bounds);
  if (!field.is_secret && field.section == nullptr) {
    out += fmt::format("default:  {}\n", field.default_text.empty() ? "not set" : field.default_text);
  }
  if (!field.aliases.empty()) out += fmt::format("also:     {}\n", join(field.aliases));
  out += fmt::format("applied:  {}\n", in_words(field.apply));
  if (field.is_without_effect)
    out += "note:     accepted for compatibility, without effect in this version\n";
  if (field.section != nullptr) explain_section(*field.section, out);
  return out;
}

// A last word without its index: "listeners[1]" -> "listeners".
std::string without_index(std::string_view word) {
  return std::string{word.substr(0, word.find('['))};
}

Result<const FieldInfo*> find_field(std::string_view path) {
  const SectionInfo* section = &describe_config();
  const FieldInfo* field = nullptr;
  const auto words = split_words(path, '.');
  if (words.empty()) return fail(Errc::not_found, "say which key, as in postgresql.pg_ctl_timeout");
  for (const std::string& word : words) {
    const std::string key = without_index(word);
    if (field != nullptr && field->kind == FieldInfo::Kind::map_of_sections &&
        section->find(key) == nullptr) {
      continue;  // the name of an entry, like slots.NAME
    }
    const FieldInfo* next = section == nullptr ? nullptr : section->find(key);
    if (next == nullptr) {
      if (field != nullptr && section == nullptr && field->json_type == "object")
        return field;  // an entry of a free map
      const std::string guess = section == nullptr ? "" : nearest(key, section->keys());
      return fail(
          Errc::not_found,
          fmt::format("there is no key '{}'{}{}", path,
                      guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess),
                      section == nullptr ? "" : fmt::format(" (allowed: {})", join(section->keys()))));
    }
    field = next;
    section = field->section;
  }
  return field;
}

}  // namespace

Result<std::string> explain(std::string_view path) {
  const auto field = find_field(path);
  if (!field) return tl::unexpected(field.error());
  return explain_field(std::string{path}, **field);
}

Result<std::string> explain(std::string_view path, const Config& config) {
  const auto field = find_field(path);
  if (!field) return tl::unexpected(field.error());
  std::string out = explain_field(std::string{path}, **field);
  const Node values = print_config(config);
  const Node* value = values.at_path(path);
  const Node* written = config.tree.at_path(path);
  if (value == nullptr || !value->is_scalar()) return out;
  const std::string text = (*field)->is_secret ? "***" : value->text;
  return out + fmt::format("in force: {}  # {}\n", text,
                           to_string(written == nullptr ? Origin{} : written->origin));
}

}  // namespace holdfast::config
