#pragma once

#include <algorithm>

#include "base/instant.hpp"

namespace holdfast::async {

// Doubling pause between attempts, from `first` up to `longest`.
class Backoff {
 public:
  Backoff(milliseconds first, milliseconds longest) : first_{first}, longest_{longest}, next_{first} {}

  milliseconds next() {
    const auto pause = next_;
    next_ = std::min(next_ * 2, longest_);
    return pause;
  }
  void reset() { next_ = first_; }

 private:
  milliseconds first_;
  milliseconds longest_;
  milliseconds next_;
};

}  // namespace holdfast::async
