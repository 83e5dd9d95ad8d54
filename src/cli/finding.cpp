#include "cli/finding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <iterator>

namespace holdfast::cli {

Findings by_urgency(const Findings& findings) {
  Findings sorted;
  for (const auto severity : {Severity::no_primary, Severity::degraded, Severity::note}) {
    std::ranges::copy_if(findings, std::back_inserter(sorted),
                         [&](const Finding& one) { return one.severity == severity; });
  }
  return sorted;
}

int exit_code_of(const Findings& findings) {
  int code = 0;
  for (const auto& finding : findings) code = std::max(code, static_cast<int>(finding.severity));
  return code;
}

std::string painted(const std::string& text, int code, bool colored) {
  constexpr const char* colors[] = {"\033[32m", "\033[33m", "\033[31m"};
  return colored ? colors[code] + text + "\033[0m" : text;
}

std::string print_findings(const Findings& findings, bool colored) {
  if (findings.empty()) return "\nNothing is wrong.\n";
  std::string out = "\nWhat to do\n";
  for (const auto& finding : findings) {
    constexpr std::string_view marks[] = {"-", "!", "X"};
    const int severity = static_cast<int>(finding.severity);
    out += fmt::format("  {} {}  => {}\n", marks[severity], painted(finding.problem, severity, colored),
                       finding.remedy);
  }
  return out;
}

boost::json::array findings_json(const Findings& findings) {
  boost::json::array all;
  for (const auto& finding : findings) {
    constexpr const char* words[] = {"note", "degraded", "no primary"};
    all.push_back(boost::json::object{{"severity", words[static_cast<int>(finding.severity)]},
                                      {"problem", finding.problem},
                                      {"remedy", finding.remedy}});
  }
  return all;
}

}  // namespace holdfast::cli
