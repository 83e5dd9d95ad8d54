#include "config/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace holdfast::config {
namespace {

// One word of a path: "listeners", or "listeners[1]".
const Node* step(const Node& from, std::string_view word) {
  const auto bracket = word.find('[');
  const Node* node = from.find(word.substr(0, bracket));
  if (node == nullptr || bracket == std::string_view::npos) return node;
  std::size_t index = 0;
  std::from_chars(word.data() + bracket + 1, word.data() + word.size(), index);
  return index < node->items.size() ? &node->items[index] : nullptr;
}

}  // namespace

std::string to_string(const Origin& origin) {
  switch (origin.kind) {
    case Origin::Kind::builtin:
      return "default";
    case Origin::Kind::file:
      return origin.line > 0 ? fmt::format("{}:{}", origin.name, origin.line) : origin.name;
    case Origin::Kind::environment:
      return "environment " + origin.name;
    case Origin::Kind::derived:
      return "derived from " + origin.name;
    case Origin::Kind::dcs:
      return "DCS " + origin.name;
  }
  return {};
}

Node Node::scalar(std::string text, Origin origin) {
  return Node{.kind = Kind::scalar, .text = std::move(text), .origin = std::move(origin)};
}

Node Node::string(std::string text, Origin origin) {
  return Node{.kind = Kind::scalar, .text = std::move(text), .quoted = true, .origin = std::move(origin)};
}

Node Node::map(Origin origin) {
  return Node{.kind = Kind::map, .origin = std::move(origin)};
}

Node Node::list(Origin origin) {
  return Node{.kind = Kind::list, .origin = std::move(origin)};
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, child] : children) {
    if (name == key) return &child;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

const Node* Node::at_path(std::string_view dotted) const {
  const Node* node = this;
  while (node != nullptr && !dotted.empty()) {
    const auto dot = dotted.find('.');
    node = step(*node, dotted.substr(0, dot));
    dotted = dot == std::string_view::npos ? std::string_view{} : dotted.substr(dot + 1);
  }
  return node;
}

Node& Node::set(std::string key, Node value) {
  if (!is_map()) *this = map(origin);
  if (Node* there = find(key)) return *there = std::move(value);
  children.push_back({std::move(key), std::move(value)});
  return children.back().value;
}

Node& Node::at_or_map(std::string_view key) {
  if (Node* there = find(key)) {
    if (there->is_null()) *there = map(there->origin);
    return *there;
  }
  return set(std::string{key}, map(origin));
}

void Node::erase(std::string_view key) {
  std::erase_if(children, [key](const NodeChild& child) { return child.key == key; });
}

bool Node::same_value(const Node& other) const {
  if (kind != other.kind || text != other.text || quoted != other.quoted) return false;
  const auto same = [](const Node& a, const Node& b) { return a.same_value(b); };
  if (!std::ranges::equal(items, other.items, same)) return false;
  return children.size() == other.children.size() && std::ranges::all_of(children, [&](const auto& child) {
           const Node* there = other.find(child.key);
           return there != nullptr && there->same_value(child.value);
         });
}

void overlay(Node& base, const Node& over) {
  if (!base.is_map() || !over.is_map()) {
    base = over;
    return;
  }
  for (const auto& [key, value] : over.children) {
    if (Node* there = base.find(key)) {
      overlay(*there, value);
    } else {
      base.set(key, value);
    }
  }
}

bool patch(Node& base, const Node& changes) {
  bool changed = false;
  for (const auto& [key, value] : changes.children) {
    Node* there = base.find(key);
    if (value.is_null()) {
      if (there != nullptr) base.erase(key);
      changed |= there != nullptr;
    } else if (there != nullptr && there->is_map() && value.is_map()) {
      changed |= patch(*there, value);
    } else if (there == nullptr || !there->same_value(value)) {
      base.set(key, value);
      changed = true;
    }
  }
  return changed;
}

}  // namespace holdfast::config
