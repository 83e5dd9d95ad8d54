#include <fmt/format.h>

#include "config/read_config.hpp"
#include "config/show.hpp"
#include "config/yaml.hpp"

namespace holdfast::config {
namespace {

constexpr std::size_t comment_column = 60;

class Dump {
 public:
  void map(const Node& node, const SectionInfo* section, const Node* written, int depth);
  std::string text() && { return std::move(text_); }

 private:
  void value(const std::string& key, const Node& node, const FieldInfo* field, const Node* written,
             int depth);
  void list(const Node& node, const SectionInfo* section, const Node* written, int depth);
  void line(int depth, const std::string& text, const Node* written);

  std::string text_;
};

void Dump::line(int depth, const std::string& text, const Node* written) {
  const std::string line = std::string(static_cast<std::size_t>(depth) * 2, ' ') + text;
  text_ += fmt::format("{:<{}}  # {}\n", line, comment_column,
                       to_string(written == nullptr ? Origin{} : written->origin));
}

void Dump::map(const Node& node, const SectionInfo* section, const Node* written, int depth) {
  for (const auto& [key, child] : node.children) {
    const FieldInfo* field = section == nullptr ? nullptr : section->find(key);
    const Node* origin = written == nullptr ? nullptr : written->find(key);
    if (origin == nullptr && written != nullptr && field != nullptr) {
      for (const std::string& alias : field->aliases)
        origin = origin == nullptr ? written->find(alias) : origin;
    }
    value(key, child, field, origin, depth);
  }
}

void Dump::value(const std::string& key, const Node& node, const FieldInfo* field, const Node* written,
                 int depth) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  const std::string name = print_key(key);
  if (field != nullptr && field->is_secret) {
    const bool is_set = !node.text.empty();
    if (is_set || written != nullptr) line(depth, name + (is_set ? ": '***'" : ": ''"), written);
  } else if (node.is_map() && !node.children.empty()) {
    text_ += fmt::format("{}{}:\n", indent, name);
    const bool has_names = field != nullptr && field->kind == FieldInfo::Kind::map_of_sections;
    if (has_names) {
      for (const auto& [entry, child] : node.children) {
        text_ += fmt::format("{}  {}:\n", indent, print_key(entry));
        map(child, field->section, written == nullptr ? nullptr : written->find(entry), depth + 2);
      }
    } else {
      map(node, field == nullptr ? nullptr : field->section, written, depth + 1);
    }
  } else if (node.is_list() && !node.items.empty()) {
    line(depth, name + ":", written);
    list(node, field == nullptr ? nullptr : field->section, written, depth + 1);
  } else {
    const std::string text = node.is_map() ? "{}" : node.is_list() ? "[]" : print_scalar(node);
    if (!node.is_null()) line(depth, name + ": " + text, written);
  }
}

void Dump::list(const Node& node, const SectionInfo* section, const Node* written, int depth) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    if (!item.is_map()) {
      text_ += fmt::format("{}- {}\n", indent, print_scalar(item));
      continue;
    }
    const std::size_t start = text_.size();
    const bool has_item = written != nullptr && i < written->items.size();
    map(item, section, has_item ? &written->items[i] : nullptr, depth + 1);
    if (text_.size() > start) text_[start + indent.size()] = '-';
  }
}

}  // namespace

std::string dump(const Config& config) {
  Node values = print_config(config);
  // What is printed is the full form, to be loaded as it stands; these show in what they expand to.
  for (const char* key : {"nodes", "passwords", "passwords_file"}) values.erase(key);
  values.at_or_map("vip").erase("address");
  Dump result;
  result.map(values, &describe_config(), &config.tree, 0);
  return std::move(result).text();
}

}  // namespace holdfast::config
