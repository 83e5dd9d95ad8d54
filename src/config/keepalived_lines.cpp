#include "config/keepalived_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/schema.hpp"

namespace holdfast::config {
namespace {

constexpr std::size_t line_bytes_max = 64 << 10;
constexpr std::size_t all_bytes_max = 4 << 20;
constexpr int depth_max = 24;  // of includes, and of parameters within parameters

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (is_space(text.front()) || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (is_space(text.back()) || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// Without what follows a '#' or '!' that stands outside of quotes.
std::string_view without_comment(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      ++i;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#' || c == '!') {
      return text.substr(0, i);
    }
  }
  return text;
}

int brace_balance(std::string_view text) {
  return static_cast<int>(std::ranges::count(text, '{') - std::ranges::count(text, '}'));
}

std::string_view first_word(std::string_view text) {
  const auto end = std::ranges::find_if(text, [](char c) { return is_space(c) || c == '\n'; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string_view directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? "." : path.substr(0, slash);
}

}  // namespace

bool KeepalivedLines::is_too_much(std::size_t bytes, const Origin& origin, int depth) {
  if (has_failed_) return true;
  taken_bytes_ += bytes + 1;
  if (depth <= depth_max && bytes <= line_bytes_max && taken_bytes_ <= all_bytes_max) return false;
  problems_.error(
      origin, "",
      fmt::format("is too much: more than {} includes or parameters within each other, {} bytes a "
                  "line or {} in all",
                  depth_max, line_bytes_max, all_bytes_max));
  has_failed_ = true;
  return true;
}

void KeepalivedLines::read(const KeepalivedFile& file, int depth) {
  std::string_view rest = file.text;
  std::string whole;  // of lines that end in '\', with '\n' between them
  int first = 0;
  for (int number = 1; !rest.empty() && !has_failed_; ++number) {
    const auto end = rest.find('\n');
    std::string_view line = trim(without_comment(rest.substr(0, end)));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (whole.empty()) first = number;
    const bool goes_on = line.ends_with('\\') && !line.ends_with("\\\\") && !rest.empty();
    if (goes_on) line.remove_suffix(1);
    whole += line;
    if (goes_on) whole += '\n';
    if (goes_on && whole.size() <= line_bytes_max) continue;
    take_line(std::move(whole), {Origin::Kind::file, file.path, first}, depth);
    whole.clear();
  }
}

void KeepalivedLines::take_line(std::string text, const Origin& origin, int depth) {
  const std::string_view line = trim(text);
  if (line.empty() || is_too_much(line.size(), origin, depth)) return;
  if (skipped_braces_ > 0) {
    skipped_braces_ = std::max(0, skipped_braces_ + brace_balance(line));
  } else if (line.starts_with("~SEQ") || line.starts_with("~LST")) {
    problems_.error(origin, std::string{line.substr(0, 4)}, "is not understood: write its lines out");
  } else if (line.front() == '@') {
    take_conditional(line.substr(1), origin, depth);
  } else if (take_definition(line) || take_include(line, origin, depth)) {
    return;
  } else if (std::string changed{line}; substitute(changed, origin)) {
    if (is_too_much(changed.size(), origin, depth)) return;
    for (std::string_view left = changed; !left.empty();) {
      const auto end = left.find('\n');
      take_line(std::string{left.substr(0, end)}, origin, depth + 1);
      left = end == std::string_view::npos ? std::string_view{} : left.substr(end + 1);
    }
  } else {
    std::ranges::replace(changed, '\n', ' ');
    lines_.push_back({std::move(changed), origin});
  }
}

void KeepalivedLines::take_conditional(std::string_view text, const Origin& origin, int depth) {
  const bool is_negative = text.starts_with('^');
  if (is_negative) text.remove_prefix(1);
  const std::string_view id = first_word(text);
  const std::string_view rest = trim(text.substr(id.size()));
  const auto is_fine = [](char c) { return is_name(c) || c == '-' || c == '.'; };
  if (id.empty() || !std::ranges::all_of(id, is_fine)) {
    problems_.error(origin, "@", "expects the name of a configuration id, as in '@main priority 200'");
    return;
  }
  if ((id == options_.id) != is_negative) return take_line(std::string{rest}, origin, depth + 1);
  skipped_braces_ = std::max(0, brace_balance(rest));
  problems_.warn(origin, fmt::format("@{}{}", is_negative ? "^" : "", id),
                 fmt::format("is not for configuration id '{}', and left out", options_.id));
}

// "$NAME=value"
bool KeepalivedLines::take_definition(std::string_view text) {
  if (text.front() != '$') return false;
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals < 2) return false;
  const std::string_view name = text.substr(1, equals - 1);
  if (!std::ranges::all_of(name, is_name) || std::isdigit(static_cast<unsigned char>(name.front())))
    return false;
  parameters_[std::string{name}] = trim(text.substr(equals + 1));
  return true;
}

bool KeepalivedLines::take_include(std::string_view text, const Origin& origin, int depth) {
  constexpr std::array keywords{"include", "includer", "includem", "includew", "includeb", "includea"};
  const std::string_view keyword = first_word(text);
  if (std::ranges::find(keywords, keyword) == keywords.end()) return false;
  std::string pattern{trim(text.substr(keyword.size()))};
  std::erase(pattern, '"');
  if (!options_.find_included) {
    problems_.error(origin, "include", fmt::format("'{}' can't be looked for here", pattern));
    return true;
  }
  const auto files = options_.find_included(pattern, std::string{directory_of(origin.name)});
  if (!files) {
    problems_.error(origin, "include", files.error().context);
    return true;
  }
  if (files->empty() && keyword == "include")
    problems_.warn(origin, "include", fmt::format("'{}' is no file", pattern));
  if (files->empty() && keyword != "include")
    problems_.error(origin, "include", fmt::format("'{}' is no file", pattern));
  for (const KeepalivedFile& file : *files) {
    if (!is_too_much(0, origin, depth)) read(file, depth + 1);
  }
  return true;
}

const std::string* KeepalivedLines::find_parameter(const std::string& name) const {
  const auto found = parameters_.find(name);
  return found == parameters_.end() ? nullptr : &found->second;
}

// "${NAME}", or "$NAME" before white space. One that is not defined stays, as in keepalived: it may be a
// shell's.
bool KeepalivedLines::substitute(std::string& text, const Origin& origin) const {
  std::string result;
  bool has_changed = false;
  for (std::size_t i = 0; i < text.size();) {
    const bool has_braces = text.compare(i, 2, "${") == 0;
    const std::size_t start = i + (has_braces ? 2 : 1);
    std::size_t end = start;
    while (text[i] == '$' && end < text.size() && is_name(text[end])) ++end;
    const std::string name = text[i] == '$' ? text.substr(start, end - start) : std::string{};
    const bool is_whole = has_braces ? end < text.size() && text[end] == '}'
                                     : end == text.size() || is_space(text[end]) || text[end] == '\n';
    const std::string* value = name.empty() || !is_whole ? nullptr : find_parameter(name);
    std::string known;
    if (name == "_PWD") known = directory_of(origin.name);
    if (name == "_INSTANCE") known = options_.id;
    if (name == "_HASH") known = "#";
    if (name == "_BANG") known = "!";
    if (value == nullptr && !known.empty() && is_whole) value = &known;
    if (value == nullptr) {
      result += text[i++];
      continue;
    }
    result += *value;
    has_changed = true;
    i = end + (has_braces ? 1 : 0);
    if (result.size() > line_bytes_max) break;
  }
  text = std::move(result);
  return has_changed;
}

}  // namespace holdfast::config
