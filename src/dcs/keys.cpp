#include "dcs/keys.hpp"

namespace holdfast::dcs {
namespace {

// "/a//b/" -> "a/b"
std::string collapse_slashes(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != '/' || (!result.empty() && result.back() != '/')) result += c;
  }
  while (!result.empty() && result.back() == '/') result.pop_back();
  return result;
}

}  // namespace

Keys::Keys(std::string_view space, std::string_view scope) : scope_{scope} {
  auto root = collapse_slashes(space);
  if (root.empty()) root = "service";
  prefix_ = "/" + root + "/" + scope_ + "/";
}

std::optional<std::string> Keys::member_of(std::string_view key) const {
  const auto start = members();
  if (!key.starts_with(start)) return std::nullopt;
  const auto name = key.substr(start.size());
  if (name.empty() || name.find('/') != std::string_view::npos) return std::nullopt;
  return std::string{name};
}

}  // namespace holdfast::dcs
