#pragma once

#include <cstddef>

#include "drill/history.hpp"

namespace holdfast::drill {

// undecided: the search was given up.
enum class Order { exists, impossible, undecided };

inline constexpr std::size_t search_steps_max = 20'000'000;

// Is there an order of the operations on ONE register that a single copy could have done them in, each at one
// moment between its invocation and its answer? Failed operations and reads without an answer say nothing;
// what is unknown may have its place or none. Needs: each value is written by one operation only.
//
// Wing and Gong's search ("Testing and verifying concurrent objects", 1993) with Lowe's memory of the states
// that led nowhere ("Testing for linearizability", 2017).
Order find_order(const Operations& operations, std::size_t steps_max = search_steps_max);

}  // namespace holdfast::drill
