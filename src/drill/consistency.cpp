#include "drill/consistency.hpp"

#include <fmt/format.h>

namespace holdfast::drill {

Judgement judge(const Operations& operations) {
  Judgement judgement{.operations = operations.size()};
  for (const auto& operation : operations) {
    judgement.unknown += operation.outcome == Outcome::unknown ? 1 : 0;
    judgement.failed += operation.outcome == Outcome::failed ? 1 : 0;
  }
  for (const auto& strand : split_by_key(operations)) {
    ++(strand.is_list ? judgement.lists : judgement.registers);
    bool is_undecided = false;
    auto violation =
        strand.is_list ? check_list(strand.operations) : check_register(strand.operations, is_undecided);
    if (violation) judgement.violations.push_back(*std::move(violation));
    if (is_undecided) judgement.undecided.push_back(strand.key);
  }
  return judgement;
}

std::string print_summary(const Judgement& judgement) {
  std::string verdict = "linearizable";
  if (!judgement.undecided.empty())
    verdict = fmt::format("no violation found, but {} registers have too many possible orders to be sure",
                          judgement.undecided.size());
  if (!judgement.is_linearizable()) verdict = "NOT LINEARIZABLE";
  return fmt::format(
      "history of {} operations ({} of unknown outcome, {} refused) on {} registers and {} lists: {}",
      judgement.operations, judgement.unknown, judgement.failed, judgement.registers, judgement.lists,
      verdict);
}

}  // namespace holdfast::drill
