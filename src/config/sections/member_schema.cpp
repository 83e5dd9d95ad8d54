#include "config/sections/member_schema.hpp"

namespace holdfast::config {

std::vector<std::string> Schema<TagsConfig>::read_others(const Node& node,
                                                         const std::vector<std::string>& keys,
                                                         TagsConfig& out, const Spot& spot) {
  for (const std::string& key : keys) {
    std::string text;
    Codec<std::string>::read(*node.find(key), text, spot.at(key));
    out.custom.set(key, text);
  }
  return {};
}

void Schema<TagsConfig>::print_others(const TagsConfig& tags, Node& out) {
  for (const auto& [key, text] : tags.custom) out.set(key, Node::string(text));
}

}  // namespace holdfast::config
