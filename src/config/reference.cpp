#include <fmt/format.h>

#include <set>

#include "config/environment.hpp"
#include "config/read_config.hpp"
#include "config/show.hpp"

namespace holdfast::config {
namespace {

constexpr std::string_view head = R"(# Configuration reference

<!-- Printed from the schema in src/config; change it there. -->

One YAML file, a superset of `patroni.yml`, or a directory of `*.yml` files that are read in the order of their names (the
later one wins). Variables `PATRONI_*` win over files. `holdfast config check FILE` says everything that is wrong with a
configuration, `holdfast config show` prints what is in force and where each value came from, `holdfast config explain KEY`
explains one key.

Times are written as `10s`, `500ms`, `5min`, `2h` (a bare number is in seconds where nothing else is said), sizes as `16MB`
(a bare number is in bytes). *Applied* says when a change takes effect: on `reload`, after a `restart` of the role, in the
whole `cluster` when changed in the DCS, or at `bootstrap` of a new cluster only.
)";

std::string escape(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

std::string in_words(Apply apply) {
  switch (apply) {
    case Apply::reload:
      return "reload";
    case Apply::restart:
      return "restart";
    case Apply::cluster:
      return "cluster";
    case Apply::bootstrap:
      return "bootstrap";
  }
  return {};
}

std::string type_of(const FieldInfo& field) {
  std::string type = field.type;
  if (!field.allowed.empty() && field.type != "boolean") type = join(field.allowed, ", ");
  if (!field.bounds.empty()) type += ", " + field.bounds;
  return type;
}

std::string row(const FieldInfo& field) {
  const std::string also =
      field.aliases.empty() ? "" : fmt::format(" (also `{}`)", join(field.aliases, "`, `"));
  if (field.kind == FieldInfo::Kind::unused)
    return fmt::format("| `{}` | | | | No effect in this version. {} |\n", field.key, escape(field.help));
  if (field.kind == FieldInfo::Kind::refused)
    return fmt::format("| `{}` | | | | Refused: {}. |\n", field.key, escape(field.help));
  const bool has_default = field.section == nullptr && !field.is_secret;
  return fmt::format("| `{}`{} | {} | {} | {} | {} |\n", field.key, also, escape(type_of(field)),
                     has_default ? escape(field.default_text) : "", in_words(field.apply),
                     escape(field.help) + (field.is_without_effect ? " No effect in this version." : ""));
}

std::string path_below(const std::string& path, const FieldInfo& field) {
  const std::string name = path.empty() ? field.key : path + "." + field.key;
  if (field.kind == FieldInfo::Kind::list_of_sections) return name + "[]";
  if (field.kind == FieldInfo::Kind::map_of_sections) return name + ".NAME";
  return name;
}

// Each struct once: bootstrap.dcs.postgresql has the keys of postgresql.
void print_section_page(const SectionInfo& section, const std::string& path,
                        std::set<const SectionInfo*>& done, std::string& out) {
  if (!done.insert(&section).second) return;
  out += path.empty() ? "\n## Top level\n" : fmt::format("\n## `{}`\n", path);
  out += "\n| key | type | default | applied | |\n|---|---|---|---|---|\n";
  for (const FieldInfo& field : section.fields) out += row(field);
  if (section.is_open) out += "\nFurther keys are your own.\n";
  for (const FieldInfo& field : section.fields) {
    if (field.section != nullptr) print_section_page(*field.section, path_below(path, field), done, out);
  }
}

}  // namespace

std::string reference_markdown() {
  std::string out{head};
  std::set<const SectionInfo*> done;
  print_section_page(describe_config(), "", done, out);
  out +=
      "\n## Environment\n\n`HOLDFAST_CONFIG` names the file, `HOLDFAST_NODE` the node that this host is. "
      "`PATRONI_CONFIGURATION` "
      "may hold the whole document.\n\n| variable | key |\n|---|---|\n";
  for (const auto& [variable, path] : environment_names())
    out += fmt::format("| `{}` | `{}` |\n", variable, path);
  return out;
}

}  // namespace holdfast::config
