#include "drill/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace holdfast::drill {
namespace {

namespace json = boost::json;

double seconds_of(nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

double longest(const Report& report, Gap Step::* gap) {
  double most = 0;
  for (const auto& step : report.steps) most = std::max(most, seconds_of((step.*gap).length()));
  return most;
}

double sum(const Report& report, Counts Step::* errors) {
  // The last step of a storm is the whole: its errors are those of all others, too.
  std::size_t most = 0;
  for (const auto& step : report.steps) {
    std::size_t count = 0;
    for (const auto& [kind, times] : step.*errors) count += times;
    most = std::max(most, count);
  }
  return static_cast<double>(most);
}

// Of a storm: the longest that one of its troubles took to heal; its last step is the storm itself.
double whole_again(const Report& report) {
  const std::size_t count =
      report.seed && !report.steps.empty() ? report.steps.size() - 1 : report.steps.size();
  double most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& window = report.steps[i].window;
    most = std::max(most, seconds_of(window.to - window.from));
  }
  return most;
}

double violations(const Report& report) {
  return report.result.judgement ? static_cast<double>(report.result.judgement->violations.size()) : 0;
}

bool are_good(const std::vector<Report>& reports) {
  return std::all_of(reports.begin(), reports.end(), [](const auto& report) { return report.is_good(); });
}

}  // namespace

double Figure::median() const {
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  return sorted.empty() ? 0 : sorted[sorted.size() / 2];
}

double Figure::worst() const {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

std::vector<Figure> figures_of(const std::vector<Report>& reports) {
  std::vector<Figure> figures{{.name = "write gap, s"},   {.name = "read gap, s"},
                              {.name = "whole again, s"}, {.name = "write errors"},
                              {.name = "read errors"},    {.name = "writes lost"},
                              {.name = "two writers"},    {.name = "history violations"}};
  for (const auto& report : reports) {
    const std::vector<double> row{longest(report, &Step::write_gap),
                                  longest(report, &Step::read_gap),
                                  whole_again(report),
                                  sum(report, &Step::write_errors),
                                  sum(report, &Step::read_errors),
                                  static_cast<double>(report.result.missing.size()),
                                  static_cast<double>(report.two_writers.size()),
                                  violations(report)};
    for (std::size_t i = 0; i < row.size(); ++i) figures[i].values.push_back(row[i]);
  }
  return figures;
}

std::string print_figures(const std::vector<Report>& reports) {
  std::string text =
      fmt::format("{} runs\n\n  {:<20} {:>9} {:>9}  each\n", reports.size(), "", "median", "worst");
  for (const auto& figure : figures_of(reports)) {
    std::string each;
    for (const auto value : figure.values) each += fmt::format(" {:.4g}", value);
    text +=
        fmt::format("  {:<20} {:>9.4g} {:>9.4g} {}\n", figure.name, figure.median(), figure.worst(), each);
  }
  return text + fmt::format("\n  {}\n", are_good(reports) ? "all passed" : "NOT ALL PASSED");
}

std::string print_figures_json(const std::vector<Report>& reports) {
  json::object figures;
  for (const auto& figure : figures_of(reports)) {
    figures[figure.name] = json::object{{"median", figure.median()},
                                        {"worst", figure.worst()},
                                        {"values", json::array(figure.values.begin(), figure.values.end())}};
  }
  json::array runs;
  for (const auto& report : reports) runs.push_back(json::parse(print_json(report)));
  const json::object whole{
      {"good", are_good(reports)}, {"figures", std::move(figures)}, {"runs", std::move(runs)}};
  return json::serialize(whole) + "\n";
}

}  // namespace holdfast::drill
