#include "config/dynamic.hpp"

#include "config/read_config.hpp"

namespace holdfast::config {
namespace {

Result<Node> parse_object(std::string_view json, const char* what) {
  auto tree = parse_json(json);
  if (!tree) return fail(tree.error().code, fmt::format("{} {}", what, tree.error().context));
  if (!tree->is_map()) return fail(Errc::bad_message, fmt::format("{} is not a JSON object", what));
  return tree;
}

// A bad value must not get into the DCS, where every member would have to live with it.
Result<std::string> checked(const Node& tree) {
  Problems problems;
  read_dynamic(tree, problems);
  if (!problems.has_errors()) return print_json(tree);
  std::string text = print_problems(problems);
  text.pop_back();
  return fail(Errc::invalid_argument, std::move(text));
}

}  // namespace

DynamicConfig read_dynamic(const Node& tree, Problems& problems) {
  DynamicConfig config;
  read_dynamic_section(tree, config, problems);
  return config;
}

Result<DynamicConfig> parse_dynamic(std::string_view json, Problems* problems) {
  const auto tree = parse_object(json, "the DCS key 'config'");
  if (!tree) return tl::unexpected(tree.error());
  Problems found;
  DynamicConfig config = read_dynamic(*tree, found);
  if (problems != nullptr) problems->append(found);
  return config;
}

Result<std::string> patch_dynamic(std::string_view json, std::string_view changes) {
  auto tree = parse_object(json, "the DCS key 'config'");
  if (!tree) return tl::unexpected(tree.error());
  const auto patches = parse_object(changes, "the patch");
  if (!patches) return tl::unexpected(patches.error());
  patch(*tree, *patches);
  return checked(*tree);
}

Result<std::string> replace_dynamic(std::string_view json) {
  const auto tree = parse_object(json, "the new configuration");
  if (!tree) return tl::unexpected(tree.error());
  return checked(*tree);
}

}  // namespace holdfast::config
