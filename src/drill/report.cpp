#include "drill/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.hpp"

namespace holdfast::drill {
namespace {

// Columns by display width: the text may hold "×".
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const auto has = width_of(text);
  return has < width ? text + std::string(width - has, ' ') : text;
}

std::string print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) line += " " + padded(row[i], widths[i] + 1);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string print_errors(const Step& step) {
  Counts all = step.write_errors;
  for (const auto& [kind, count] : step.read_errors) all[kind] += count;
  return print_counts(all);
}

std::string print_judgement(const Judgement& judgement, BootInstant origin) {
  std::string text = "  " + print_summary(judgement) + "\n";
  for (const auto& violation : judgement.violations) {
    text += "  VIOLATION: " + violation.what + "\n";
    for (const auto& operation : violation.proof) text += "    " + print_operation(operation, origin) + "\n";
  }
  return text;
}

std::string print_events(const Report& report) {
  std::string text;
  for (const auto& event : report.chronicle.happenings()) {
    const auto since = std::chrono::duration<double>(event.at - report.whole.from).count();
    text += fmt::format("  {:8.3f}  {} {}\n", since, event.ours ? ">" : " ", event.text);
  }
  return text;
}

}  // namespace

bool Report::is_good() const {
  const bool all_back =
      std::all_of(steps.begin(), steps.end(), [](const Step& step) { return step.is_back(); });
  const bool is_consistent = !result.judgement || result.judgement->is_linearizable();
  return all_back && is_consistent && result.missing.empty() && two_writers.empty();
}

std::string print_seconds(nanoseconds span) {
  return fmt::format("{:.3f} s", std::chrono::duration<double>(span).count());
}

std::string print_counts(const Counts& counts) {
  std::string text;
  for (const auto& [kind, count] : counts)
    text += fmt::format("{}{} ×{}", text.empty() ? "" : ", ", kind, count);
  return text.empty() ? "none" : text;
}

std::string print_text(const Report& report) {
  std::vector<std::vector<std::string>> table{
      {"what", "longest write gap", "longest read gap", "whole again after", "errors clients saw"}};
  for (const auto& step : report.steps) {
    table.push_back({step.what, print_seconds(step.write_gap.length()), print_seconds(step.read_gap.length()),
                     step.is_back() ? print_seconds(step.window.to - step.window.from) : "NOT BACK",
                     print_errors(step)});
  }
  std::string text = fmt::format("{} of cluster {}: {}\n\n{}\n", report.title, report.scope, report.load,
                                 print_table(table));
  const auto& result = report.result;
  text += fmt::format(
      "  writes acknowledged {}, lost {}; outcome unknown {} (of which {} are there); reads {}\n",
      result.acknowledged, result.missing.size(), result.doubtful, result.doubtful_found, report.reads);
  for (std::size_t i = 0; i < std::min<std::size_t>(result.missing.size(), 10); ++i) {
    text += fmt::format("  LOST: acknowledged row {} is not on the primary\n", result.missing[i]);
  }
  if (result.judgement) text += print_judgement(*result.judgement, report.whole.from);
  for (const auto& two : report.two_writers) {
    text += fmt::format("  TWO WRITABLE PRIMARIES: {} and {}, for at least {}\n", two.one, two.other,
                        print_seconds(two.to - two.from));
  }
  for (const auto& step : report.steps) {
    for (const auto& left : step.left)
      text += fmt::format("  {}: not well in the end: {}\n", step.what, left);
  }
  return text + "\n  seconds    what happened (> done by us)\n" + print_events(report);
}

}  // namespace holdfast::drill
