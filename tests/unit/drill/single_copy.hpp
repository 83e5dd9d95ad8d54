#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "drill/history.hpp"

// Histories as one correct copy would have answered them, for tests of the checks.
namespace holdfast::drill {

struct CopyOptions {
  std::uint64_t seed = 1;
  int operations = 200;
  int keys = 2;
  int clients = 5;
  int unknown_percent = 10;
  int failed_percent = 5;
  bool lists = false;
};

class SingleCopy {
 public:
  explicit SingleCopy(CopyOptions options) : options_{options}, dice_{options.seed} {}

  Operations run() {
    for (int i = 0; i < options_.operations; ++i) plan(i);
    // Effects in order of their instants: that is what makes it a single copy.
    std::vector<std::pair<std::int64_t, std::size_t>> effects;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (effect_at_[i] >= 0) effects.emplace_back(effect_at_[i], i);
    }
    std::sort(effects.begin(), effects.end());
    for (const auto& [at, index] : effects) take_effect(operations_[index]);
    std::erase_if(operations_, [](const auto& o) { return o.outcome == Outcome::unknown && !may_matter(o); });
    return operations_;
  }

 private:
  static bool may_matter(const Operation& operation) {
    return operation.act != Act::read && operation.act != Act::read_list;
  }
  int roll(int sides) { return static_cast<int>(dice_() % static_cast<std::uint64_t>(sides)); }

  // Each client does one thing after the other, until one of unknown outcome: it goes on as another client.
  void plan(int number) {
    const auto client = static_cast<std::size_t>(roll(options_.clients));
    auto& free_at = free_at_[client];
    Operation operation{.client = static_cast<int>(client), .key = roll(options_.keys), .value = number + 1};
    operation.act = options_.lists ? (roll(3) == 0 ? Act::read_list : Act::append)
                                   : std::vector{Act::read, Act::write, Act::compare_and_set}[roll(3)];
    const std::int64_t invoked = free_at + 1 + roll(20);
    const std::int64_t completed = invoked + 2 + roll(30);
    std::int64_t effect = invoked + 1 + roll(static_cast<int>(completed - invoked));
    operation.invoked = BootInstant{milliseconds{invoked}};
    operation.completed = BootInstant{milliseconds{completed}};
    operation.outcome = Outcome::done;
    const int luck = roll(100);
    if (luck < options_.unknown_percent) {
      operation.outcome = Outcome::unknown;
      operation.completed = {};
      effect = roll(2) == 0 ? -1 : invoked + roll(500);
    } else if (luck < options_.unknown_percent + options_.failed_percent) {
      operation.outcome = Outcome::failed;
      effect = -1;
    }
    free_at = completed;
    operations_.push_back(operation);
    effect_at_.push_back(effect);
  }

  void take_effect(Operation& operation) {
    auto& value = values_[operation.key];
    auto& items = lists_[operation.key];
    switch (operation.act) {
      case Act::read:
        operation.value = value;
        return;
      case Act::write:
        value = operation.value;
        return;
      case Act::compare_and_set:
        operation.expected = roll(3) > 0 ? value : value + 1;
        operation.has_swapped = operation.expected == value && operation.is_done();
        if (operation.expected == value) value = operation.value;
        return;
      case Act::append:
        items.push_back(operation.value);
        return;
      case Act::read_list:
        operation.items = items;
    }
  }

  CopyOptions options_;
  std::mt19937_64 dice_;
  Operations operations_;
  std::vector<std::int64_t> effect_at_;  // milliseconds; -1: never
  std::map<std::size_t, std::int64_t> free_at_;
  std::map<std::int64_t, std::int64_t> values_;
  std::map<std::int64_t, std::vector<std::int64_t>> lists_;
};

}  // namespace holdfast::drill
