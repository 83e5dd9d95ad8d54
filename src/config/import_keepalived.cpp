#include "config/import_keepalived.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "config/checks.hpp"
#include "config/expand.hpp"
#include "config/keepalived_sections.hpp"
#include "config/read_config.hpp"
#include "config/yaml.hpp"

namespace holdfast::config {
namespace {

constexpr std::uintmax_t file_bytes_max = 4 << 20;

// Comments go to the line's end: a name from the file must not begin another one.
std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

void print(const Node& node, std::size_t depth, std::string& out) {
  const std::string indent(depth * 2, ' ');
  for (const auto& [key, value] : node.children) {
    if (value.is_map() && !value.children.empty()) {
      out += fmt::format("{}{}:\n", indent, print_key(key));
      print(value, depth + 1, out);
    } else if (value.is_list() && !value.items.empty()) {
      out += fmt::format("{}{}:\n", indent, print_key(key));
      for (const Node& item : value.items) out += fmt::format("{}  - {}\n", indent, print_scalar(item));
    } else {
      const std::string text = value.is_map() ? "{}" : value.is_list() ? "[]" : print_scalar(value);
      out += fmt::format("{}{}: {}\n", indent, print_key(key), text);
    }
  }
}

std::string print_document(const Node& vip, const Problems& warnings, const std::string& path) {
  std::string out = fmt::format("# Of {}, for a host with role vip.\n", on_one_line(path));
  for (const Problem& warning : warnings) out += fmt::format("# {}\n", on_one_line(print_problem(warning)));
  Node document = Node::map();
  document.set("vip", vip);
  print(document, 0, out);
  return out;
}

// As the role would see it: what is wrong is told by keepalived's lines.
void check_as_ours(const Node& vip, Problems& problems) {
  Node tree = Node::map();
  Node roles = Node::list();
  roles.items.push_back(Node::string("vip"));
  tree.set("roles", std::move(roles));
  tree.set("vip", vip);
  Config config;
  expand_vip(tree, {}, problems);
  read_config(tree, config, problems);
  if (problems.has_errors()) return;
  Complaints complaints{config.tree, problems};
  check_vip(config, complaints);
}

tl::unexpected<Error> refuse(const Problems& problems) {
  std::string text = print_problems(problems);
  if (text.ends_with('\n')) text.pop_back();
  return fail(Errc::invalid_argument, std::move(text));
}

Result<KeepalivedFile> read_one(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return fail(Errc::not_found, fmt::format("'{}' is no file", path));
  if (std::filesystem::file_size(path, error) > file_bytes_max)
    return fail(Errc::too_large, fmt::format("'{}' is larger than {} bytes", path, file_bytes_max));
  std::ifstream stream{path, std::ios::binary};
  std::ostringstream text;
  if (stream.is_open()) text << stream.rdbuf();
  if (!stream.is_open())
    return fail(Errc::not_found, fmt::format("'{}' can't be read: may this user read it?", path));
  return KeepalivedFile{path, text.str()};
}

Result<std::vector<KeepalivedFile>> find_included(const std::string& pattern, const std::string& from) {
  const std::string whole = pattern.starts_with('/') ? pattern : from + "/" + pattern;
  glob_t found{};
  const std::unique_ptr<glob_t, decltype(&globfree)> owner{&found, &globfree};
  if (const int code = glob(whole.c_str(), GLOB_BRACE, nullptr, &found); code != 0) {
    if (code == GLOB_NOMATCH) return std::vector<KeepalivedFile>{};
    return fail(Errc::not_found, fmt::format("'{}' can't be looked for", whole));
  }
  std::vector<KeepalivedFile> files;
  for (std::size_t i = 0; i < found.gl_pathc; ++i) {
    auto file = read_one(found.gl_pathv[i]);
    if (!file) return tl::unexpected(file.error());
    files.push_back(*std::move(file));
  }
  return files;
}

}  // namespace

Result<Imported> import_keepalived(const KeepalivedFile& file, const KeepalivedOptions& options) {
  Problems problems;
  const auto statements = parse_keepalived(file, options, problems);
  if (problems.has_errors()) return refuse(problems);
  const Node vip = vip_of_keepalived(statements, problems);
  if (vip.find("vrrp_instance") == nullptr && !problems.has_errors())
    problems.error({Origin::Kind::file, file.path, 0}, "", "has no vrrp_instance");
  const Problems left_out = problems.warnings();
  if (!problems.has_errors()) check_as_ours(vip, problems);
  if (problems.has_errors()) return refuse(problems);
  return Imported{print_document(vip, left_out, file.path), problems.warnings()};
}

Result<Imported> import_keepalived_file(const std::string& path, const std::string& id) {
  const auto file = read_one(path);
  if (!file) return tl::unexpected(file.error());
  const std::string hostname = read_host_identity().hostname;
  return import_keepalived(*file, {.id = id.empty() ? hostname.substr(0, hostname.find('.')) : id,
                                   .find_included = find_included});
}

}  // namespace holdfast::config
