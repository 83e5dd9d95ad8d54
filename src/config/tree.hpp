#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::config {

// Where a value came from, for error messages and `config show`.
struct Origin {
  enum class Kind { builtin, file, environment, derived, dcs };

  Kind kind = Kind::builtin;
  std::string name;  // path of the file, name of the variable, what it was derived from
  int line = 0;      // 1-based; files only

  bool operator==(const Origin&) const = default;
};

// "default", "/etc/holdfast.yml:12", "environment PATRONI_NAME", "derived from nodes.pg1", "DCS /config"
std::string to_string(const Origin& origin);

// A document of nested maps, lists and scalars, read from YAML or JSON. It knows nothing of keys and types.
struct NodeChild;
struct Node {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string text;                 // scalar
  bool quoted = false;              // scalar that was written as a string: never a number, a boolean or null
  std::vector<Node> items;          // list
  std::vector<NodeChild> children;  // map, in the order of the file; keys are unique
  Origin origin;

  static Node scalar(std::string text, Origin origin = {});  // a plain one: 5, true, pg1
  static Node string(std::string text, Origin origin = {});  // a quoted one
  static Node map(Origin origin = {});
  static Node list(Origin origin = {});

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }

  const Node* find(std::string_view key) const;  // nullptr: no such key, or not a map
  Node* find(std::string_view key);
  const Node* at_path(std::string_view dotted) const;  // "proxy.listeners[1].bind"
  Node& set(std::string key, Node value);              // replaces in place, or appends; turns null into a map
  Node& at_or_map(std::string_view key);               // the map under `key`, made when it is missing
  void erase(std::string_view key);

  bool same_value(const Node& other) const;  // equal but for origins
};

struct NodeChild {
  std::string key;
  Node value;
};

// Lays `over` upon `base`: maps merge key by key, everything else replaces (directory of files, environment).
void overlay(Node& base, const Node& over);
// PATCH /config: as overlay, but null removes the key (Patroni's patch_config). True when `base` changed.
bool patch(Node& base, const Node& changes);

}  // namespace holdfast::config
