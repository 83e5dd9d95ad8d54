#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drill/history.hpp"

// Did the cluster behave like a single copy? Pure.
namespace holdfast::drill {

struct Violation {
  std::string what;  // "register 3: …", in words
  Operations proof;  // the fewest operations found that no single copy could have answered so, in order

  bool operator==(const Violation&) const = default;
};

// `operations` are those of one register, or of one list. nullopt: nothing is wrong, or (of a register) the
// search gave up, which `is_undecided` then says.
std::optional<Violation> check_register(const Operations& operations, bool& is_undecided);

// A list keeps the order of what was appended to it, so that the order need not be searched for: the longest
// read tells it, all other reads must be beginnings of it, and nobody may see less or more than what real
// time allows.
std::optional<Violation> check_list(const Operations& operations);

struct Judgement {
  std::size_t operations = 0;
  std::size_t unknown = 0;
  std::size_t failed = 0;
  std::size_t registers = 0;
  std::size_t lists = 0;
  std::vector<Violation> violations;    // at most one of a register or list
  std::vector<std::int64_t> undecided;  // registers with too many possible orders

  bool is_linearizable() const { return violations.empty(); }
};
Judgement judge(const Operations& operations);

// "history of 4120 operations on 4 registers and 31 lists: linearizable".
std::string print_summary(const Judgement& judgement);

}  // namespace holdfast::drill
