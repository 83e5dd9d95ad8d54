#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "drill/consistency.hpp"
#include "drill/linearize.hpp"

namespace holdfast::drill {
namespace {

// While a proof is made shorter: a search that takes longer than this is not worth its operation.
constexpr std::size_t shortening_steps_max = 200'000;
constexpr std::size_t shortening_work_max = 20'000'000;

bool found_a_value(const Operation& operation) {
  if (!operation.is_done()) return false;
  return operation.act == Act::read || (operation.act == Act::compare_and_set && operation.has_swapped);
}

std::int64_t value_found(const Operation& operation) {
  return operation.act == Act::read ? operation.value : operation.expected;
}

bool is_miss(const Operation& operation) {
  return operation.is_done() && operation.act == Act::compare_and_set && !operation.has_swapped;
}

// A value that nobody can have put there.
std::optional<Violation> find_phantom(const Operations& operations) {
  for (const auto& reader : operations) {
    if (!found_a_value(reader) || value_found(reader) == 0) continue;
    const auto value = value_found(reader);
    const auto writer = std::find_if(operations.begin(), operations.end(), [&](const auto& operation) {
      return operation.act != Act::read && operation.value == value;
    });
    const auto is_late = [&] { return writer->may_set() && writer->invoked > reader.completed; };
    if (writer == operations.end())
      return Violation{fmt::format("register {}: {} was found, which nobody ever wrote", reader.key, value),
                       {reader}};
    if (is_late())
      return Violation{
          fmt::format("register {}: {} was found before anybody asked to write it", reader.key, value),
          {reader, *writer}};
    if (!writer->may_set())
      return Violation{
          fmt::format("register {}: {} was found, although its writer had been told for sure that "
                      "it was not written",
                      reader.key, value),
          {*writer, reader}};
  }
  return {};
}

// What was known at `end`: who had no answer yet is of unknown outcome.
Operations known_at(const Operations& operations, BootInstant end) {
  Operations known;
  for (auto operation : operations) {
    if (operation.invoked > end) continue;
    if (operation.outcome != Outcome::unknown && operation.completed > end)
      operation.outcome = Outcome::unknown;
    known.push_back(std::move(operation));
  }
  return known;
}

// The moment with which an order became impossible: whatever has an order has one for each of its beginnings.
Operations shortest_beginning(const Operations& operations) {
  std::vector<BootInstant> ends;
  for (const auto& operation : operations) {
    if (operation.is_done()) ends.push_back(operation.completed);
  }
  std::sort(ends.begin(), ends.end());
  const auto first_bad = std::partition_point(ends.begin(), ends.end(), [&](BootInstant end) {
    return find_order(known_at(operations, end)) != Order::impossible;
  });
  return first_bad == ends.end() ? operations : known_at(operations, *first_bad);
}

// Leaving these out of `operations` can't make an order impossible that was possible: reads and misses only
// ask for something; a write may go when nobody that stays has found its value, and nobody missed one.
bool may_leave_out(const Operations& operations, std::size_t from, std::size_t to) {
  const auto is_out = [&](std::size_t i) { return i >= from && i < to; };
  bool has_miss = false;
  std::set<std::int64_t> found;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (is_out(i)) continue;
    has_miss = has_miss || is_miss(operations[i]);
    if (found_a_value(operations[i])) found.insert(value_found(operations[i]));
    if (operations[i].act == Act::compare_and_set) found.insert(operations[i].expected);
  }
  for (std::size_t i = from; i < to; ++i) {
    if (operations[i].may_set() && (has_miss || found.contains(operations[i].value))) return false;
  }
  return true;
}

Operations without(const Operations& operations, std::size_t from, std::size_t to) {
  Operations rest{operations.begin(), operations.begin() + static_cast<std::ptrdiff_t>(from)};
  rest.insert(rest.end(), operations.begin() + static_cast<std::ptrdiff_t>(to), operations.end());
  return rest;
}

// One pass that leaves out stretches of `length`; true: something went. `work` is what may still be looked
// at, in operations: a proof that is longer than need be is better than none for minutes.
bool leave_out(Operations& operations, std::size_t length, std::size_t& work) {
  bool is_shorter = false;
  for (std::size_t from = 0; from < operations.size() && work > operations.size();) {
    work -= operations.size();
    const std::size_t to = std::min(from + length, operations.size());
    auto rest = without(operations, from, to);
    if (may_leave_out(operations, from, to) && find_order(rest, shortening_steps_max) == Order::impossible) {
      operations = std::move(rest);
      is_shorter = true;
    } else {
      from = to;
    }
  }
  return is_shorter;
}

Operations shortest_proof(const Operations& operations) {
  Operations proof = shortest_beginning(operations);
  std::erase_if(proof, [](const auto& operation) { return operation.outcome == Outcome::failed; });
  // Misses hold every write in its place: without them first, if that is enough.
  Operations plain = proof;
  std::erase_if(plain, is_miss);
  if (find_order(plain, shortening_steps_max) == Order::impossible) proof = std::move(plain);
  std::size_t work = shortening_work_max;
  for (std::size_t length = std::max<std::size_t>(proof.size() / 2, 1); length > 1; length /= 2)
    leave_out(proof, length, work);
  while (leave_out(proof, 1, work)) {
  }
  return proof;
}

// The operation whose answer proves it: the last one.
std::string describe(const Operations& proof, const Operations& all) {
  const auto last = std::max_element(proof.begin(), proof.end(), [](const auto& a, const auto& b) {
    return !b.is_done() ? false : !a.is_done() || a.completed < b.completed;
  });
  const std::string where = fmt::format("register {}: ", last->key);
  if (!found_a_value(*last)) return where + "no order of these answers is possible on a single copy";
  const Operation* newer = nullptr;
  for (const auto& operation : proof) {
    const bool is_before = operation.is_done() && operation.completed < last->invoked;
    if (is_before && operation.may_set() && operation.value != value_found(*last)) newer = &operation;
  }
  const auto found = value_found(*last) == 0 ? std::string{"no value"} : std::to_string(value_found(*last));
  if (newer == nullptr) return fmt::format("{}{} was found where it can't have been", where, found);
  const bool is_seen_later = std::any_of(all.begin(), all.end(), [&](const auto& operation) {
    return found_a_value(operation) && value_found(operation) == newer->value &&
           operation.invoked > last->completed;
  });
  return fmt::format("{}{} was found although {} had been acknowledged before: {}", where, found,
                     newer->value, is_seen_later ? "a stale read" : "an acknowledged write was lost");
}

}  // namespace

std::optional<Violation> check_register(const Operations& operations, bool& is_undecided) {
  is_undecided = false;
  if (auto phantom = find_phantom(operations)) return phantom;
  const auto order = find_order(operations);
  is_undecided = order == Order::undecided;
  if (order != Order::impossible) return {};
  auto proof = shortest_proof(operations);
  auto what = describe(proof, operations);
  return Violation{std::move(what), std::move(proof)};
}

}  // namespace holdfast::drill
