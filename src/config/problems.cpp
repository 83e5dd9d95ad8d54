#include "config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace holdfast::config {
namespace {

// Levenshtein's distance, where exchanging two neighbours counts as one edit.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

constexpr std::size_t word_bytes_max = 64;  // longer words are no misspelling of a key of ours

}  // namespace

void Problems::error(const Origin& origin, std::string path, std::string text) {
  all_.push_back({Severity::error, origin, std::move(path), std::move(text)});
}

void Problems::warn(const Origin& origin, std::string path, std::string text) {
  all_.push_back({Severity::warning, origin, std::move(path), std::move(text)});
}

void Problems::append(const Problems& others) {
  all_.insert(all_.end(), others.begin(), others.end());
}

bool Problems::has_errors() const {
  return std::ranges::any_of(all_,
                             [](const Problem& problem) { return problem.severity == Severity::error; });
}

Problems Problems::warnings() const {
  Problems result;
  std::ranges::copy_if(all_, std::back_inserter(result.all_),
                       [](const Problem& problem) { return problem.severity == Severity::warning; });
  return result;
}

std::string print_problem(const Problem& problem) {
  std::string line;
  if (problem.origin.kind != Origin::Kind::builtin) line = to_string(problem.origin) + ": ";
  line += problem.severity == Severity::error ? "error: " : "warning: ";
  if (!problem.path.empty()) line += problem.path + ": ";
  return line + problem.text;
}

std::string print_problems(const Problems& problems) {
  std::vector<const Problem*> ordered;
  for (const Problem& problem : problems) ordered.push_back(&problem);
  std::ranges::sort(ordered, {}, [](const Problem* problem) {
    return std::tuple{problem->origin.kind != Origin::Kind::file, problem->origin.name, problem->origin.line,
                      problem};
  });
  std::string text;
  for (const Problem* problem : ordered) text += print_problem(*problem) + "\n";
  return text;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > word_bytes_max) return {};
  std::string best;
  std::size_t best_distance =
      std::max<std::size_t>(1, word.size() / 3) + 1;  // about one slip in three letters
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace holdfast::config
