#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "base/instant.hpp"
#include "config/problems.hpp"
#include "config/values.hpp"

// A key is declared once: Schema<Section>::entries says its name, member, bounds and one line of help.
// Reading, checking, printing, explaining, the reference page and the reload diff all walk that tuple.
namespace holdfast::config {

// When a changed value takes effect.
enum class Apply { reload, restart, cluster, bootstrap };

// What min and max of a member are given in.
template <class Value>
struct BoundOf {
  using type = std::monostate;
};
template <>
struct BoundOf<int> {
  using type = int;
};
template <>
struct BoundOf<milliseconds> {
  using type = milliseconds;
};
template <>
struct BoundOf<std::optional<milliseconds>> {
  using type = milliseconds;
};
template <>
struct BoundOf<ByteSize> {
  using type = ByteSize;
};
template <class Value>
using Bound = typename BoundOf<Value>::type;

struct SectionInfo;

// A key with a meaning: bound to a member of its section's struct.
template <class Section, class Value>
struct Field {
  std::string_view key;
  Value Section::* member;
  std::string_view help;
  std::optional<Bound<Value>> min = std::nullopt;
  std::optional<Bound<Value>> max = std::nullopt;
  Apply apply = Apply::reload;
  std::string_view aliases = {};               // other names of it, separated by spaces
  milliseconds bare_unit = 1s;                 // of a time without a unit
  bool splits_commas = false;                  // a list may be written as one comma-separated string
  std::string_view derived = {};               // how the default is found, in words
  const SectionInfo& (*shown_as)() = nullptr;  // keys of a free-form map, for explain and the reference
  bool without_effect = false;                 // Patroni's, read and checked, but not obeyed by this version
};

inline constexpr std::string_view no_effect =
    "is accepted for compatibility and has no effect in this version";

// A key that Schema<Section>::read_others reads itself.
struct Note {
  std::string_view key;
  std::string_view type;
  std::string_view help;
  Apply apply = Apply::reload;
};

// A key of Patroni, or of a later version of ours, that is accepted without effect.
struct Unused {
  std::string_view key;
  std::string_view help;
};

// A key that must not be ignored and can't be honoured.
struct Refused {
  std::string_view key;
  std::string_view why;
};

template <class Section>
struct Schema;

template <class T>
concept HasSchema = requires { Schema<T>::entries; };

// The schema of one key as plain data, for printing.
struct FieldInfo {
  enum class Kind { value, section, list_of_sections, map_of_sections, unused, refused };

  std::string key;
  Kind kind = Kind::value;
  std::vector<std::string> aliases;
  std::string help;
  std::string type;                  // in words: "time", "list of strings"
  std::string json_type;             // of JSON schema; empty: any
  std::vector<std::string> allowed;  // the words of an enumeration
  std::string default_text;
  std::string bounds;  // "1s to 1h", "at least 3"
  Apply apply = Apply::reload;
  bool is_secret = false;
  bool is_without_effect = false;
  const SectionInfo* section = nullptr;
};

struct SectionInfo {
  std::vector<FieldInfo> fields;
  bool is_open = false;  // accepts further keys

  const FieldInfo* find(std::string_view key) const;  // by key or alias
  std::vector<std::string> keys() const;              // canonical names
};

// Where reading has arrived: says what is wrong there.
class Spot {
 public:
  Spot(Problems& problems, bool ignores_unknown = false)
      : problems_{&problems}, ignores_unknown_{ignores_unknown} {}

  Spot at(std::string_view key) const;
  Spot at(std::size_t index) const;
  Spot with_unit(milliseconds bare_unit, bool splits_commas) const;

  const std::string& path() const { return path_; }
  milliseconds bare_unit() const { return bare_unit_; }
  bool splits_commas() const { return splits_commas_; }
  bool ignores_unknown() const { return ignores_unknown_; }

  void error(const Node& node, std::string text) const {
    problems_->error(node.origin, path_, std::move(text));
  }
  void warn(const Node& node, std::string text) const {
    problems_->warn(node.origin, path_, std::move(text));
  }
  void expected(const Node& node, std::string_view what) const;  // "expects a time such as 10s; got 'x'"
  void unknown_key(const Node& node, std::string_view key, const std::vector<std::string>& known) const;

 private:
  Problems* problems_;
  std::string path_;
  milliseconds bare_unit_ = 1s;
  bool splits_commas_ = false;
  bool ignores_unknown_ = false;
};

std::vector<std::string> split_words(std::string_view text, char separator);
std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

}  // namespace holdfast::config
