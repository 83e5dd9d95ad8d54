#include "config/reload.hpp"

#include <algorithm>

#include "config/read_config.hpp"

namespace holdfast::config {
namespace {

class Differ {
 public:
  ReloadDiff result;

  void compare(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
               const std::string& path);

 private:
  void compare_maps(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
                    const std::string& path);
  void compare_entries(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
                       const std::string& path);
  void compare_lists(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
                     const std::string& path);
  void note(Apply apply, const std::string& path);
};

void Differ::note(Apply apply, const std::string& path) {
  // What concerns a new cluster only, or is kept in the DCS, changes nothing here.
  if (apply == Apply::bootstrap || apply == Apply::cluster) return;
  (apply == Apply::restart ? result.needs_restart : result.applied).push_back(path);
}

void Differ::compare(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
                     const std::string& path) {
  if (before.same_value(after)) return;
  if (before.is_map() && after.is_map() && section != nullptr) {
    compare_maps(before, after, section, apply, path);
  } else if (before.is_list() && after.is_list() && section != nullptr &&
             before.items.size() == after.items.size()) {
    compare_lists(before, after, section, apply, path);
  } else {
    note(apply, path);
  }
}

void Differ::compare_lists(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
                           const std::string& path) {
  for (std::size_t i = 0; i < before.items.size(); ++i) {
    compare(before.items[i], after.items[i], section, apply, fmt::format("{}[{}]", path, i));
  }
}

void Differ::compare_maps(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
                          const std::string& path) {
  Node keys = before;
  overlay(keys, after);
  const Node nothing;
  for (const auto& [key, ignored] : keys.children) {
    const FieldInfo* field = section->find(key);
    const Node* old_value = before.find(key);
    const Node* new_value = after.find(key);
    const Node& from = old_value == nullptr ? nothing : *old_value;
    const Node& to = new_value == nullptr ? nothing : *new_value;
    const Apply how = field == nullptr || field->apply == Apply::reload ? apply : field->apply;
    const std::string here = path.empty() ? key : path + "." + key;
    if (field != nullptr && field->kind == FieldInfo::Kind::map_of_sections && from.is_map() && to.is_map()) {
      compare_entries(from, to, field->section, how, here);
    } else {
      compare(from, to, field == nullptr ? nullptr : field->section, how, here);
    }
  }
}

// NAME: {…}; an entry that is new or gone counts as a whole.
void Differ::compare_entries(const Node& before, const Node& after, const SectionInfo* section, Apply apply,
                             const std::string& path) {
  Node names = before;
  overlay(names, after);
  const Node nothing;
  for (const auto& [name, ignored] : names.children) {
    const Node* from = before.find(name);
    const Node* to = after.find(name);
    compare(from == nullptr ? nothing : *from, to == nullptr ? nothing : *to, section, apply,
            path + "." + name);
  }
}

}  // namespace

ReloadDiff diff(const Config& before, const Config& after) {
  Differ differ;
  Node old_tree = print_config(before);
  Node new_tree = print_config(after);
  // `nodes`, `passwords` and `vip.address` show in what they expand to.
  for (const char* key : {"nodes", "passwords", "passwords_file"}) {
    old_tree.erase(key);
    new_tree.erase(key);
  }
  for (Node* tree : {&old_tree, &new_tree}) tree->at_or_map("vip").erase("address");
  differ.compare(old_tree, new_tree, &describe_config(), Apply::reload, "");
  return differ.result;
}

}  // namespace holdfast::config
