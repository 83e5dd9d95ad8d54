#include "config/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/checks.hpp"
#include "config/environment.hpp"
#include "config/expand.hpp"
#include "config/read_config.hpp"
#include "config/yaml.hpp"

namespace holdfast::config {
namespace {

namespace fs = std::filesystem;

constexpr const char* default_path = "/etc/holdfast.yml";
constexpr std::uintmax_t file_bytes_max = 4 << 20;

std::string value_of(const StringMap& environment, std::string_view name) {
  const std::string* value = environment.find(name);
  return value == nullptr ? std::string{} : *value;
}

Result<std::string> read_file(const fs::path& path) {
  std::error_code ignored;
  if (const auto size = fs::file_size(path, ignored); !ignored && size > file_bytes_max) {
    return fail(Errc::too_large, fmt::format("is larger than {} bytes", file_bytes_max));
  }
  std::ifstream stream{path, std::ios::binary};
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) {
    if (stream.is_open() && stream.eof()) return std::string{};
    return fail(Errc::not_found, "can't be read: is it there, and may this user read it?");
  }
  return text.str();
}

// The files of a directory in the order of their names: later ones win (Patroni).
std::vector<fs::path> files_of(const fs::path& path, Problems& problems) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{path, error}) {
    const auto extension = entry.path().extension();
    if (extension == ".yml" || extension == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.empty())
    problems.error({Origin::Kind::file, path.string(), 0}, "", "is a directory without *.yml files");
  return files;
}

void overlay_file(Node& tree, const fs::path& path, Problems& problems) {
  const auto text = read_file(path);
  if (!text) return problems.error({Origin::Kind::file, path.string(), 0}, "", text.error().context);
  const Node document = parse_yaml(*text, path.string(), problems);
  if (document.is_null()) return;
  if (!document.is_map()) return problems.error(document.origin, "", "is not a map of keys");
  overlay(tree, document);
}

// `passwords_file` lies under what `passwords` says itself.
void read_passwords_file(Node& tree, Problems& problems) {
  const Node* path = tree.find("passwords_file");
  if (path == nullptr || !path->is_scalar() || path->text.empty()) return;
  const auto text = read_file(path->text);
  if (!text)
    return problems.error(path->origin, "passwords_file",
                          fmt::format("'{}' {}", path->text, text.error().context));
  Node passwords = parse_yaml(*text, path->text, problems);
  if (!passwords.is_map())
    return problems.error(path->origin, "passwords_file",
                          fmt::format("'{}' is not a map of keys", path->text));
  if (const Node* inline_ones = tree.find("passwords")) overlay(passwords, *inline_ones);
  tree.set("passwords", std::move(passwords));
}

// A section that is no map can't be completed from environment and nodes: it is only said to be wrong.
bool has_whole_sections(const Node& tree) {
  const auto is_whole = [&](std::string_view path) {
    const Node* node = tree.at_path(path);
    return node == nullptr || node->is_null() || node->is_map();
  };
  const auto& fields = describe_config().fields;
  const bool top = std::ranges::all_of(fields, [&](const FieldInfo& field) {
    return field.kind != FieldInfo::Kind::section ||
           (is_whole(field.key) && std::ranges::all_of(field.aliases, is_whole));
  });
  constexpr std::array inner{"bootstrap.users",
                             "ctl.authentication",
                             "postgresql.authentication",
                             "postgresql.authentication.replication",
                             "postgresql.authentication.rewind",
                             "postgresql.authentication.superuser",
                             "postgresql.bin_name",
                             "proxy.stats",
                             "restapi.authentication",
                             "vip.global_defs",
                             "vip.stats",
                             "vip.vrrp_instance",
                             "vip.vrrp_sync_group"};
  return top && std::ranges::all_of(inner, is_whole);
}

Result<Loaded> finish(Problems problems, Config config, Problems* found) {
  if (found != nullptr) *found = problems;
  if (problems.has_errors()) {
    std::string text = print_problems(problems);
    if (text.ends_with('\n')) text.pop_back();
    return fail(Errc::invalid_argument, std::move(text));
  }
  return Loaded{std::move(config), problems.warnings()};
}

Result<Loaded> load_tree(Node tree, Problems problems, const LoadRequest& request, Problems* found) {
  Config config;
  const bool is_whole = has_whole_sections(tree);
  if (is_whole) {
    apply_environment(tree, request.environment, problems);
    if (has_whole_sections(tree)) {
      read_passwords_file(tree, problems);
      expand_nodes(tree, request, problems);
      fill_derived(tree);
      expand_vip(tree, request, problems);
    }
  }
  read_config(tree, config, problems);
  // Missing values of a broken document would be noise beside what is wrong with it.
  if (!problems.has_errors()) check_config(config, problems);
  return finish(std::move(problems), std::move(config), found);
}

}  // namespace

Result<Loaded> load(const LoadRequest& request, Problems* found) {
  Problems problems;
  Node tree = Node::map();
  std::string path = request.path;
  if (path.empty()) path = value_of(request.environment, "HOLDFAST_CONFIG");
  const std::string inline_text = value_of(request.environment, "PATRONI_CONFIGURATION");
  if (path.empty() && !inline_text.empty()) {
    return load_text(inline_text, "PATRONI_CONFIGURATION", request, found);
  }
  if (path.empty()) path = default_path;
  tree.origin = {Origin::Kind::file, path, 0};
  for (const fs::path& file : files_of(path, problems)) overlay_file(tree, file, problems);
  if (problems.has_errors() && tree.children.empty()) return finish(std::move(problems), {}, found);
  return load_tree(std::move(tree), std::move(problems), request, found);
}

Result<Loaded> load_text(std::string_view yaml, const std::string& file, const LoadRequest& request,
                         Problems* found) {
  Problems problems;
  Node tree = parse_yaml(yaml, file, problems);
  if (tree.is_null() && !problems.has_errors()) tree = Node::map({Origin::Kind::file, file, 0});
  if (problems.has_errors() && !tree.is_map()) return finish(std::move(problems), {}, found);
  if (!tree.is_map()) {
    problems.error(tree.origin, "", "is not a map of keys");
    return finish(std::move(problems), {}, found);
  }
  tree.origin.line = 0;
  return load_tree(std::move(tree), std::move(problems), request, found);
}

}  // namespace holdfast::config
