#include "drill/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace holdfast::drill {
namespace {

double seconds_since(BootInstant origin, BootInstant at) {
  return std::chrono::duration<double>(at - origin).count();
}

std::string print_items(const std::vector<std::int64_t>& items) {
  constexpr std::size_t shown = 8;
  const std::size_t first = items.size() > shown ? items.size() - shown : 0;
  std::string text = first > 0 ? fmt::format("[{} more, ", first) : "[";
  for (std::size_t i = first; i < items.size(); ++i)
    text += fmt::format("{}{}", i > first ? ", " : "", items[i]);
  return text + "]";
}

std::string print_act(const Operation& operation) {
  const bool is_done = operation.is_done();
  switch (operation.act) {
    case Act::read:
      return operation.value == 0 ? "found no value" : fmt::format("read {}", operation.value);
    case Act::write:
      return fmt::format("{} {}", is_done ? "wrote" : "asked to write", operation.value);
    case Act::compare_and_set:
      if (!is_done) return fmt::format("asked to replace {} by {}", operation.expected, operation.value);
      if (operation.has_swapped) return fmt::format("replaced {} by {}", operation.expected, operation.value);
      return fmt::format("did not find {} to replace it", operation.expected);
    case Act::append:
      return fmt::format("{} {}", is_done ? "appended" : "asked to append", operation.value);
    case Act::read_list:
      return "read " + print_items(operation.items);
  }
  return "";
}

}  // namespace

bool Operation::may_set() const {
  if (outcome == Outcome::failed || act == Act::read || act == Act::read_list) return false;
  return act != Act::compare_and_set || outcome == Outcome::unknown || has_swapped;
}

std::string print_operation(const Operation& operation, BootInstant origin) {
  const std::string who =
      operation.client == final_reader ? "the final look" : fmt::format("client {}", operation.client);
  const double from = seconds_since(origin, operation.invoked);
  const std::string what = who + " " + print_act(operation);
  if (operation.outcome == Outcome::unknown) return fmt::format("{:.3f} s  {}: no answer", from, what);
  const double to = seconds_since(origin, operation.completed);
  const char* end = operation.is_done() ? "" : ": refused";
  return fmt::format("{:.3f} to {:.3f} s  {}{}", from, to, what, end);
}

std::size_t History::invoke(Operation operation, BootInstant at) {
  operation.outcome = Outcome::unknown;
  operation.invoked = at;
  operations_.push_back(std::move(operation));
  return operations_.size() - 1;
}

void History::complete(std::size_t place, Outcome outcome, BootInstant at) {
  operations_.at(place).outcome = outcome;
  operations_.at(place).completed = at;
}

std::vector<Strand> split_by_key(const Operations& operations) {
  std::map<std::pair<bool, std::int64_t>, Strand> strands;
  for (const auto& operation : operations) {
    auto& strand = strands[{operation.is_on_list(), operation.key}];
    strand.is_list = operation.is_on_list();
    strand.key = operation.key;
    strand.operations.push_back(operation);
  }
  std::vector<Strand> sorted;
  for (auto& [key, strand] : strands) {
    std::sort(strand.operations.begin(), strand.operations.end(),
              [](const auto& a, const auto& b) { return a.invoked < b.invoked; });
    sorted.push_back(std::move(strand));
  }
  return sorted;
}

}  // namespace holdfast::drill
