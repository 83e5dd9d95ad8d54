#include "drill/linearize.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace holdfast::drill {
namespace {

// Numbers without pattern: a set of operations is remembered by the sum (xor) of its members' numbers.
std::uint64_t scrambled(std::uint64_t seed) {
  seed += 0x9E3779B97F4A7C15ULL;
  seed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  seed = (seed ^ (seed >> 27)) * 0x94D049BB133111EBULL;
  return seed ^ (seed >> 31);
}

struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const Fingerprint&) const = default;
  Fingerprint toggled(std::uint64_t member) const {
    return {high ^ scrambled(2 * member), low ^ scrambled(2 * member + 1)};
  }
};

struct Mix {
  std::size_t operator()(const Fingerprint& print) const { return print.high ^ (print.low >> 1); }
};

bool tells_something(const Operation& operation) {
  return operation.is_done() || (operation.outcome == Outcome::unknown && operation.act != Act::read);
}

bool is_miss(const Operation& operation) {
  return operation.is_done() && operation.act == Act::compare_and_set && !operation.has_swapped;
}

// It was told, or had to find, one value.
bool observes(const Operation& operation) {
  return operation.is_done() &&
         (operation.act == Act::read || (operation.act == Act::compare_and_set && operation.has_swapped));
}

std::int64_t observed(const Operation& operation) {
  return operation.act == Act::read ? operation.value : operation.expected;
}

class Search {
 public:
  explicit Search(const Operations& operations);
  Order run(std::size_t steps_max);

 private:
  // Calls and answers in order of time, as a list from which an operation is lifted when it has its place.
  struct Event {
    std::size_t operation = 0;
    bool is_answer = false;
    std::size_t before = 0;
    std::size_t after = 0;
  };
  struct Placed {
    std::size_t call = 0;
    std::int64_t value_before = 0;
  };

  void line_up();
  bool may_come_next(const Operation& operation) const;
  bool try_place(std::size_t call);
  bool take_back(std::size_t& event);
  void count(const Operation& operation, std::size_t change);
  void unlink(std::size_t event);
  void link(std::size_t event);
  std::size_t left(const std::unordered_map<std::int64_t, std::size_t>& counts, std::int64_t value) const {
    const auto found = counts.find(value);
    return found == counts.end() ? 0 : found->second;
  }

  Operations operations_;
  std::vector<Event> events_;           // [0] is the head and the end
  std::vector<std::size_t> answer_of_;  // by operation; 0: it never comes
  std::size_t owed_ = 0;                // acknowledged operations without a place
  std::int64_t value_ = 0;              // of the register now
  Fingerprint placed_set_;
  std::vector<Placed> placed_;
  std::unordered_set<Fingerprint, Mix> seen_;
  std::unordered_set<std::int64_t> ever_observed_;
  std::unordered_map<std::int64_t, std::size_t> observers_left_;  // by value
  std::unordered_map<std::int64_t, std::size_t> misses_left_;     // by the value that they did not find
};

Search::Search(const Operations& operations) {
  std::copy_if(operations.begin(), operations.end(), std::back_inserter(operations_), tells_something);
  for (const auto& operation : operations_) {
    if (observes(operation)) ever_observed_.insert(observed(operation));
    if (operation.act == Act::compare_and_set) ever_observed_.insert(operation.expected);
    if (operation.is_done()) ++owed_;
    count(operation, 1);
  }
  line_up();
}

void Search::count(const Operation& operation, std::size_t change) {
  if (observes(operation)) observers_left_[observed(operation)] += change;
  if (is_miss(operation)) misses_left_[operation.expected] += change;
}

// At the same instant a call comes first: the two are then taken as concurrent.
void Search::line_up() {
  events_.push_back({});
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    events_.push_back({.operation = i});
    if (operations_[i].is_done()) events_.push_back({.operation = i, .is_answer = true});
  }
  const auto at = [this](const Event& event) {
    const auto& operation = operations_[event.operation];
    return event.is_answer ? operation.completed : operation.invoked;
  };
  std::sort(events_.begin() + 1, events_.end(), [&](const Event& a, const Event& b) {
    return std::tuple{at(a), a.is_answer, a.operation} < std::tuple{at(b), b.is_answer, b.operation};
  });
  answer_of_.resize(operations_.size());
  for (std::size_t i = 0; i < events_.size(); ++i) {
    events_[i].before = i == 0 ? events_.size() - 1 : i - 1;
    events_[i].after = i + 1 == events_.size() ? 0 : i + 1;
    if (events_[i].is_answer) answer_of_[events_[i].operation] = i;
  }
}

// Values are unique: once one is replaced nobody can find it any more, so whoever has found it comes before.
bool Search::may_come_next(const Operation& operation) const {
  if (operation.act == Act::read) return value_ == operation.value;
  if (is_miss(operation)) return value_ != operation.expected;
  if (operation.act == Act::compare_and_set && value_ != operation.expected) return false;
  const std::size_t itself = observes(operation) ? 1 : 0;
  if (left(observers_left_, value_) > itself) return false;
  // Nobody ever found what this one wrote, if it did: it can only explain why somebody missed a value.
  const bool leaves_a_trace = operation.is_done() || ever_observed_.contains(operation.value);
  return leaves_a_trace || left(misses_left_, value_) > 0;
}

void Search::unlink(std::size_t event) {
  events_[events_[event].before].after = events_[event].after;
  events_[events_[event].after].before = events_[event].before;
}

void Search::link(std::size_t event) {
  events_[events_[event].before].after = event;
  events_[events_[event].after].before = event;
}

bool Search::try_place(std::size_t call) {
  const std::size_t index = events_[call].operation;
  const auto& operation = operations_[index];
  if (!may_come_next(operation)) return false;
  const std::int64_t next = operation.may_set() ? operation.value : value_;
  const auto set = placed_set_.toggled(index);
  // The set alone does not tell the value: the last write may differ.
  const Fingerprint state{set.high ^ scrambled(static_cast<std::uint64_t>(next) + 0x5EED), set.low};
  if (!seen_.insert(state).second) return false;
  placed_.push_back({call, value_});
  placed_set_ = set;
  value_ = next;
  if (operation.is_done()) --owed_;
  count(operation, static_cast<std::size_t>(-1));
  unlink(call);
  if (answer_of_[index] != 0) unlink(answer_of_[index]);
  return true;
}

bool Search::take_back(std::size_t& event) {
  if (placed_.empty()) return false;
  const auto last = placed_.back();
  placed_.pop_back();
  const std::size_t index = events_[last.call].operation;
  const auto& operation = operations_[index];
  if (answer_of_[index] != 0) link(answer_of_[index]);
  link(last.call);
  count(operation, 1);
  if (operation.is_done()) ++owed_;
  value_ = last.value_before;
  placed_set_ = placed_set_.toggled(index);
  event = events_[last.call].after;
  return true;
}

Order Search::run(std::size_t steps_max) {
  std::size_t event = events_[0].after;
  for (std::size_t steps = 0; owed_ > 0; ++steps) {
    if (steps == steps_max) return Order::undecided;
    const bool is_stuck = event == 0 || events_[event].is_answer;
    if (is_stuck) {
      if (!take_back(event)) return Order::impossible;
    } else if (try_place(event)) {
      event = events_[0].after;
    } else {
      event = events_[event].after;
    }
  }
  return Order::exists;
}

}  // namespace

Order find_order(const Operations& operations, std::size_t steps_max) {
  return Search{operations}.run(steps_max);
}

}  // namespace holdfast::drill
