#include "postgres/removal.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "postgres/children.hpp"

namespace holdfast::postgres {
namespace {

constexpr std::size_t paths_max = 500;  // an argument list is bounded by the kernel

awaitable<Result<void>> remove_some(Options options, std::vector<std::string> paths) {
  std::vector<std::string> argv{"rm", "-rf", "--"};
  argv.insert(argv.end(), paths.begin(), paths.end());
  auto child = child_of(options, std::move(argv));
  child.dies_with_us = true;
  const auto output = co_await async::run_child(std::move(child), options.clone_timeout);
  if (!output) co_return fail("removing " + paths.front(), output.error());
  if (output->status.ok()) co_return Result<void>{};
  co_return fail(Errc::io_error, "removing " + paths.front() + ": " + last_lines(output->text));
}

}  // namespace

awaitable<Result<void>> remove_paths(Options options, std::vector<std::string> paths) {
  if (paths.empty()) co_return Result<void>{};
  const BootInstant began = BootClock::now();
  const std::string first = paths.front();
  log::info("removing files", {{"first", first}, {"count", paths.size()}});
  for (std::size_t at = 0; at < paths.size(); at += paths_max) {
    const auto end = std::min(at + paths_max, paths.size());
    std::vector<std::string> some{paths.begin() + static_cast<std::ptrdiff_t>(at),
                                  paths.begin() + static_cast<std::ptrdiff_t>(end)};
    auto removed = co_await remove_some(options, std::move(some));
    if (!removed) co_return removed;
  }
  const auto took = std::chrono::duration_cast<milliseconds>(BootClock::now() - began);
  log::info("removed files", {{"first", first}, {"count", paths.size()}, {"took", took}});
  co_return Result<void>{};
}

}  // namespace holdfast::postgres
