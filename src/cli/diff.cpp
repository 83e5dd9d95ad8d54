#include "cli/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/text.hpp"

namespace holdfast::cli {
namespace {

struct Line {
  char mark = ' ';  // ' ', '-', '+'
  std::string text;
  std::size_t before = 0, after = 0;  // how many lines of either text precede it
};

// The longest common subsequence, the plain way: configurations have tens of lines.
std::vector<Line> compare(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  std::vector<std::vector<std::size_t>> common(before.size() + 1, std::vector<std::size_t>(after.size() + 1));
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      common[i][j] =
          before[i] == after[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::vector<Line> lines;
  std::size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    const bool is_same = i < before.size() && j < after.size() && before[i] == after[j];
    const bool is_removed =
        !is_same && i < before.size() && (j == after.size() || common[i + 1][j] >= common[i][j + 1]);
    lines.push_back({is_same      ? ' '
                     : is_removed ? '-'
                                  : '+',
                     is_same || is_removed ? before[i] : after[j], i, j});
    i += is_same || is_removed ? 1 : 0;
    j += is_same || !is_removed ? 1 : 0;
  }
  return lines;
}

// "3,4"; a single line has no count, an empty range starts before the line.
std::string range_text(std::size_t start, std::size_t count) {
  if (count == 1) return std::to_string(start + 1);
  return fmt::format("{},{}", count == 0 ? start : start + 1, count);
}

std::string paint(const Line& line, bool colored) {
  const char* color = line.mark == '+' ? "\033[32m" : "\033[31m";
  if (!colored || line.mark == ' ') return line.mark + line.text + "\n";
  return fmt::format("{}{}{}\033[0m\n", color, line.mark, line.text);
}

std::string print_hunk(const std::vector<Line>& lines, std::size_t from, std::size_t to, bool colored) {
  std::size_t before = 0, after = 0;
  std::string body;
  for (std::size_t k = from; k < to; ++k) {
    before += lines[k].mark != '+' ? 1 : 0;
    after += lines[k].mark != '-' ? 1 : 0;
    body += paint(lines[k], colored);
  }
  return fmt::format("@@ -{} +{} @@\n{}", range_text(lines[from].before, before),
                     range_text(lines[from].after, after), body);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, bool colored) {
  constexpr std::size_t context = 3;
  const auto without_end = [](std::string_view text) {
    return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
  };
  const auto lines = compare(split_lines(without_end(before)), split_lines(without_end(after)));
  std::string out;
  std::size_t k = 0;
  const auto next_change = [&](std::size_t from) {
    while (from < lines.size() && lines[from].mark == ' ') ++from;
    return from;
  };
  for (k = next_change(0); k < lines.size();) {
    const std::size_t from = k > context ? k - context : 0;
    std::size_t end = k;  // one past the last change of this hunk
    while (k < lines.size() && k <= end + 2 * context) {
      end = k + 1;
      k = next_change(end);
    }
    if (out.empty()) out = "--- \n+++ \n";
    out += print_hunk(lines, from, std::min(lines.size(), end + context), colored);
  }
  return out;
}

}  // namespace holdfast::cli
