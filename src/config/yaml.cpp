#include "config/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace holdfast::config {
namespace {

// Aliases of aliases can make a small text huge ("billion laughs").
constexpr std::size_t nodes_max = 100'000;
constexpr int depth_max = 64;

class Converter {
 public:
  Converter(std::string file, Problems& problems) : file_{std::move(file)}, problems_{problems} {}

  Node convert(const YAML::Node& from, int line, const std::string& path, int depth);

 private:
  Origin origin_at(const YAML::Mark& mark, int fallback) const {
    return {Origin::Kind::file, file_, mark.line >= 0 ? mark.line + 1 : fallback};
  }
  void convert_map(const YAML::Node& from, Node& out, const std::string& path, int depth);
  void merge(const YAML::Node& from, Node& out, const std::string& path, int depth);
  bool is_within_bounds(const Origin& origin, const std::string& path, int depth);

  std::string file_;
  Problems& problems_;
  std::size_t count_ = 0;
};

bool Converter::is_within_bounds(const Origin& origin, const std::string& path, int depth) {
  if (++count_ <= nodes_max && depth <= depth_max) return true;
  if (count_ <= nodes_max + 1) {
    problems_.error(
        origin, path,
        fmt::format("is nested too deep or too large (bounds: {} levels, {} values)", depth_max, nodes_max));
    count_ = nodes_max + 1;  // said once; the rest is not looked at
  }
  return false;
}

Node Converter::convert(const YAML::Node& from, int line, const std::string& path, int depth) {
  Node out;
  out.origin = {Origin::Kind::file, file_, line};
  if (!is_within_bounds(out.origin, path, depth)) return out;
  switch (from.Type()) {
    case YAML::NodeType::Scalar:
      out.kind = Node::Kind::scalar;
      out.text = from.Scalar();
      out.quoted = from.Tag() != "?" && !from.Tag().empty();
      break;
    case YAML::NodeType::Sequence:
      out.kind = Node::Kind::list;
      for (const auto& item : from) {
        const std::string here = fmt::format("{}[{}]", path, out.items.size());
        out.items.push_back(convert(item, origin_at(item.Mark(), line).line, here, depth + 1));
      }
      break;
    case YAML::NodeType::Map:
      out.kind = Node::Kind::map;
      convert_map(from, out, path, depth);
      break;
    default:
      break;
  }
  return out;
}

void Converter::convert_map(const YAML::Node& from, Node& out, const std::string& path, int depth) {
  for (const auto& pair : from) {
    const Origin origin = origin_at(pair.first.Mark(), out.origin.line);
    if (!pair.first.IsScalar()) {
      problems_.error(origin, path, "a key must be a plain word");
      continue;
    }
    const std::string key = pair.first.Scalar();
    if (key == "<<") continue;
    const std::string here = path.empty() ? key : path + "." + key;
    if (const Node* first = out.find(key)) {
      problems_.error(origin, here, fmt::format("is given twice; first at {}", to_string(first->origin)));
      continue;
    }
    out.set(key, convert(pair.second, origin.line, here, depth + 1));
  }
  if (const YAML::Node merged = from["<<"]) merge(merged, out, path, depth);
}

void Converter::merge(const YAML::Node& from, Node& out, const std::string& path, int depth) {
  if (from.IsSequence()) {
    for (const auto& one : from) merge(one, out, path, depth + 1);
    return;
  }
  const Node defaults = convert(from, out.origin.line, path, depth + 1);
  for (const auto& [key, value] : defaults.children) {
    if (out.find(key) == nullptr) out.set(key, value);
  }
}

// Notes where a document begins, and nothing else.
class DocumentStart : public YAML::EventHandler {
 public:
  std::optional<int> line;

  void OnDocumentStart(const YAML::Mark& mark) override { line = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

// The line where something follows the first document. YAML::LoadAll would tell, but after a closing bracket
// too many it makes empty documents for ever.
std::optional<int> second_document(const std::string& text) {
  std::istringstream stream{text};
  YAML::Parser parser{stream};
  DocumentStart first, second;
  if (parser.HandleNextDocument(first)) parser.HandleNextDocument(second);
  return second.line;
}

}  // namespace

Node parse_yaml(std::string_view text, const std::string& file, Problems& problems) {
  try {
    const std::string copy{text};
    const auto document = YAML::Load(copy);
    if (const auto line = second_document(copy)) {
      problems.error({Origin::Kind::file, file, *line}, "",
                     "the YAML document ends before this: either a second document begins here (only one is "
                     "allowed), or a bracket is closed that was not opened");
    }
    return Converter{file, problems}.convert(document, 1, "", 0);
  } catch (const YAML::Exception& error) {
    const int line = error.mark.line >= 0 ? error.mark.line + 1 : 0;
    problems.error({Origin::Kind::file, file, line}, "", "is not valid YAML: " + error.msg);
    return {};
  }
}

}  // namespace holdfast::config
