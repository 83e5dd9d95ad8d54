#pragma once

#include <string>
#include <vector>

#include "drill/report.hpp"

// A drill done several times: the median and the worst of each figure.
namespace holdfast::drill {

struct Figure {
  std::string name;            // "write gap, s"
  std::vector<double> values;  // one of each run

  double median() const;  // of an even number the upper one: never better than was measured
  double worst() const;   // the highest
};

std::vector<Figure> figures_of(const std::vector<Report>& reports);
std::string print_figures(const std::vector<Report>& reports);
// {"good":…, "figures":{NAME:{"median":…,"worst":…,"values":[…]}}, "runs":[reports as print_json has them]}
std::string print_figures_json(const std::vector<Report>& reports);

}  // namespace holdfast::drill
