#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <vector>

namespace holdfast::cli {

enum class Severity { note, degraded, no_primary };

// One line: what is wrong, and the command (or place) that mends it.
struct Finding {
  Severity severity = Severity::degraded;
  std::string problem;
  std::string remedy;

  bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

Findings by_urgency(const Findings& findings);  // the most urgent first, else in their order

// 0 healthy (notes don't count), 1 degraded, 2 no primary.
int exit_code_of(const Findings& findings);

// The last paragraph of what is printed: "What to do", or that nothing is wrong.
std::string print_findings(const Findings& findings, bool colored);

boost::json::array findings_json(const Findings& findings);

// `text` in the color of an exit code.
std::string painted(const std::string& text, int code, bool colored);

}  // namespace holdfast::cli
