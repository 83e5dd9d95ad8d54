#include "cli/watch.hpp"

#include <thread>

namespace holdfast::cli {

Result<int> watching(Terminal& terminal, const Watch& watch, bool clears,
                     const std::function<Result<int>()>& show) {
  for (;;) {
    if (watch.seconds && clears) terminal.clear();
    auto outcome = show();
    if (!watch.seconds) return outcome;
    // What can't be read now may be readable in a moment: a watching screen survives it.
    if (!outcome) terminal.complain("Error: " + outcome.error().context);
    std::this_thread::sleep_for(std::chrono::duration<double>{*watch.seconds});
  }
}

}  // namespace holdfast::cli
