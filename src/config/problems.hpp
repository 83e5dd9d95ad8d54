#pragma once

#include <string>
#include <vector>

#include "config/tree.hpp"

namespace holdfast::config {

enum class Severity { error, warning };

// One thing that is wrong with a configuration.
struct Problem {
  Severity severity = Severity::error;
  Origin origin;     // where the value stands; builtin: nowhere in particular
  std::string path;  // "proxy.listeners[1].target"; empty: the document as a whole
  std::string text;  // "unknown key 'targte'; did you mean 'target'? (allowed: bind, …)"

  bool operator==(const Problem&) const = default;
};

// All that was found, in the order of finding: one run shows a user everything that needs a hand.
class Problems {
 public:
  void error(const Origin& origin, std::string path, std::string text);
  void warn(const Origin& origin, std::string path, std::string text);
  void append(const Problems& others);

  bool has_errors() const;
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }
  Problems warnings() const;

 private:
  std::vector<Problem> all_;
};

// "pg.yml:7: error: ttl: …", "environment PATRONI_X: warning: …"
std::string print_problem(const Problem& problem);
// One a line, ordered by file and line; empty when there are none.
std::string print_problems(const Problems& problems);

// The candidate that `word` is probably a misspelling of (edit distance), or empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace holdfast::config
