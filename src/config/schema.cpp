#include "config/schema.hpp"

namespace holdfast::config {
namespace {

// What the user wrote, short and without what might be a password within a URL.
std::string quote_value(const Node& node) {
  if (node.is_null()) return "nothing";
  if (node.is_list()) return "a list";
  if (node.is_map()) return "a map";
  constexpr std::size_t shown_bytes_max = 60;
  if (node.text.find('@') != std::string::npos) return "a value with '@' in it";
  if (node.text.size() > shown_bytes_max) return "'" + node.text.substr(0, shown_bytes_max) + "…'";
  return "'" + node.text + "'";
}

}  // namespace

const FieldInfo* SectionInfo::find(std::string_view key) const {
  for (const FieldInfo& field : fields) {
    if (field.key == key) return &field;
    for (const std::string& alias : field.aliases) {
      if (alias == key) return &field;
    }
  }
  return nullptr;
}

std::vector<std::string> SectionInfo::keys() const {
  std::vector<std::string> result;
  for (const FieldInfo& field : fields) {
    if (field.kind != FieldInfo::Kind::refused) result.push_back(field.key);
  }
  return result;
}

Spot Spot::at(std::string_view key) const {
  Spot spot = *this;
  if (!spot.path_.empty()) spot.path_ += '.';
  spot.path_ += key;
  return spot;
}

Spot Spot::at(std::size_t index) const {
  Spot spot = *this;
  spot.path_ += fmt::format("[{}]", index);
  return spot;
}

Spot Spot::with_unit(milliseconds bare_unit, bool splits_commas) const {
  Spot spot = *this;
  spot.bare_unit_ = bare_unit;
  spot.splits_commas_ = splits_commas;
  return spot;
}

void Spot::expected(const Node& node, std::string_view what) const {
  error(node, fmt::format("expects {}; got {}", what, quote_value(node)));
}

void Spot::unknown_key(const Node& node, std::string_view key, const std::vector<std::string>& known) const {
  if (ignores_unknown_) return;
  const std::string guess = nearest(key, known);
  const std::string hint = guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess);
  at(key).error(node, fmt::format("unknown key{} (allowed: {})", hint, join(known)));
}

std::vector<std::string> split_words(std::string_view text, char separator) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = text.find(separator);
    std::string_view word = text.substr(0, end);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    if (!word.empty()) words.emplace_back(word);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return words;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

}  // namespace holdfast::config
