#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "drill/consistency.hpp"

namespace holdfast::drill {
namespace {

using Appends = std::map<std::int64_t, const Operation*>;  // by value

class ListCheck {
 public:
  explicit ListCheck(const Operations& operations) : operations_{operations} {
    for (const auto& operation : operations_) {
      if (operation.act == Act::append) appends_[operation.value] = &operation;
      if (operation.act == Act::read_list && operation.is_done()) reads_.push_back(&operation);
    }
  }

  std::optional<Violation> run();

 private:
  std::optional<Violation> check_items(const Operation& read) const;
  std::optional<Violation> check_beginning(const Operation& read, const Operation& longest) const;
  std::vector<const Operation*> line_up(const Operation* longest) const;
  std::optional<Violation> check_real_time(const std::vector<const Operation*>& order,
                                           const Operation* longest) const;
  Violation describe(const Operation& first, const Operation& second, const Operation* longest) const;
  Violation violation(const std::string& what, Operations proof) const {
    return {fmt::format("list {}: {}", operations_.front().key, what), std::move(proof)};
  }

  const Operations& operations_;
  Appends appends_;
  std::vector<const Operation*> reads_;
};

std::optional<Violation> ListCheck::check_items(const Operation& read) const {
  std::set<std::int64_t> seen;
  for (const auto item : read.items) {
    if (!seen.insert(item).second) return violation(fmt::format("{} is there twice", item), {read});
    const auto found = appends_.find(item);
    if (found == appends_.end())
      return violation(fmt::format("{} is there, which nobody ever appended", item), {read});
    if (!found->second->may_set())
      return violation(
          fmt::format("{} is there, although its client had been told for sure that it was not appended",
                      item),
          {*found->second, read});
  }
  return {};
}

std::optional<Violation> ListCheck::check_beginning(const Operation& read, const Operation& longest) const {
  const auto differs = std::mismatch(read.items.begin(), read.items.end(), longest.items.begin());
  if (differs.first == read.items.end()) return {};
  const bool is_lost =
      std::find(longest.items.begin(), longest.items.end(), *differs.first) == longest.items.end();
  const auto* text = is_lost
                         ? "{1} was read at place {0}, and is no longer there in a longer read: it was lost"
                         : "two reads do not agree on the order: at place {0} one found {1}, the other {2}";
  const auto place = differs.first - read.items.begin() + 1;
  return violation(fmt::format(fmt::runtime(text), place, *differs.first, *differs.second), {read, longest});
}

// The only order that is possible: appends as the longest read has them, each read after the last item that
// it holds; then what was acknowledged and never seen.
std::vector<const Operation*> ListCheck::line_up(const Operation* longest) const {
  std::vector<std::vector<const Operation*>> reads_of(longest == nullptr ? 1 : longest->items.size() + 1);
  for (const auto* read : reads_) reads_of[read->items.size()].push_back(read);
  std::vector<const Operation*> order = reads_of[0];
  std::set<std::int64_t> seen;
  for (std::size_t i = 1; i < reads_of.size(); ++i) {
    order.push_back(appends_.at(longest->items[i - 1]));
    seen.insert(longest->items[i - 1]);
    order.insert(order.end(), reads_of[i].begin(), reads_of[i].end());
  }
  for (const auto& operation : operations_) {
    if (operation.act == Act::append && operation.is_done() && !seen.contains(operation.value))
      order.push_back(&operation);
  }
  return order;
}

Violation ListCheck::describe(const Operation& first, const Operation& second,
                              const Operation* longest) const {
  const bool is_first_read = first.act == Act::read_list;
  const bool is_second_read = second.act == Act::read_list;
  Operations proof{second, first};
  if (is_first_read && is_second_read)
    return violation("a read found less than an earlier one: a stale read", std::move(proof));
  if (is_first_read) {
    const bool is_seen = longest != nullptr && std::find(longest->items.begin(), longest->items.end(),
                                                         second.value) != longest->items.end();
    return violation(fmt::format("{} had been acknowledged before a read that does not hold it: {}",
                                 second.value, is_seen ? "a stale read" : "an acknowledged append was lost"),
                     std::move(proof));
  }
  if (is_second_read)
    return violation(fmt::format("{} was read before anybody asked to append it", first.value),
                     std::move(proof));
  if (longest != nullptr) proof.push_back(*longest);
  return violation(fmt::format("{} had been acknowledged before {} was asked for, and is not before it",
                               second.value, first.value),
                   std::move(proof));
}

// In the order given nobody may have had its answer before somebody ahead of it was invoked.
std::optional<Violation> ListCheck::check_real_time(const std::vector<const Operation*>& order,
                                                    const Operation* longest) const {
  const Operation* latest = nullptr;  // invoked
  for (const auto* operation : order) {
    if (latest != nullptr && operation->is_done() && operation->completed < latest->invoked)
      return describe(*latest, *operation, longest);
    if (latest == nullptr || operation->invoked > latest->invoked) latest = operation;
  }
  return {};
}

std::optional<Violation> ListCheck::run() {
  const Operation* longest = nullptr;
  for (const auto* read : reads_) {
    if (auto wrong = check_items(*read)) return wrong;
    if (longest == nullptr || read->items.size() > longest->items.size()) longest = read;
  }
  for (const auto* read : reads_) {
    if (auto wrong = check_beginning(*read, *longest)) return wrong;
  }
  return check_real_time(line_up(longest), longest);
}

}  // namespace

std::optional<Violation> check_list(const Operations& operations) {
  return ListCheck{operations}.run();
}

}  // namespace holdfast::drill
