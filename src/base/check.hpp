#pragma once

namespace holdfast {

// Reports a broken promise of the program itself and aborts: the supervisor restarts the role, the sentinel
// fences.
[[noreturn]] void check_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace holdfast

// An assertion that stays on in production. For what our own code guarantees, never for input.
#define CHECK(expression)                               \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::holdfast::check_failed(#expression, __FILE__, __LINE__))
