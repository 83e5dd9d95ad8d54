#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/instant.hpp"

// What checked clients did and were told, operation by operation: the material of the checks on consistency.
namespace holdfast::drill {

// The first three on registers (one row with one value), the last two on lists (one row with an array).
enum class Act { read, write, compare_and_set, append, read_list };

// done: acknowledged. failed: for sure without effect. unknown: it takes effect at any time after it was
// invoked, or never.
enum class Outcome { done, failed, unknown };

// Who reads once everything is over.
inline constexpr int final_reader = -1;

struct Operation {
  int client = 0;
  Act act = Act::read;
  std::int64_t key = 0;       // registers and lists are numbered each on their own
  std::int64_t value = 0;     // written or appended, each value only once in a history; or what a read found
  std::int64_t expected = 0;  // of compare_and_set. A register that was never written is 0
  bool has_swapped = false;   // of compare_and_set
  std::vector<std::int64_t> items;  // what read_list found
  Outcome outcome = Outcome::unknown;
  BootInstant invoked{};
  BootInstant completed{};  // when it is not unknown

  bool operator==(const Operation&) const = default;
  bool is_done() const { return outcome == Outcome::done; }
  bool is_on_list() const { return act == Act::append || act == Act::read_list; }
  bool may_set() const;  // it writes `value`, or may have written it
};

using Operations = std::vector<Operation>;

// "12.301 to 12.310 s  client 2 wrote 41": for a person, times since `origin`.
std::string print_operation(const Operation& operation, BootInstant origin);

// An operation is unknown from its invocation on, so that nothing is forgotten of a client that ends amid it.
class History {
 public:
  std::size_t invoke(Operation operation, BootInstant at);  // the place that complete() takes
  void complete(std::size_t place, Outcome outcome, BootInstant at);
  Operation& at(std::size_t place) { return operations_.at(place); }  // for what an answer said
  const Operations& operations() const { return operations_; }

 private:
  Operations operations_;
};

// The operations of one register or one list.
struct Strand {
  bool is_list = false;
  std::int64_t key = 0;
  Operations operations;  // in order of invocation
};
std::vector<Strand> split_by_key(const Operations& operations);

}  // namespace holdfast::drill
