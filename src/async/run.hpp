#pragma once

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "async/asio.hpp"

namespace holdfast::async {

// Runs a role on a loop of its own until it ends; blocks. Its exit code; what it throws comes through.
inline int run_on_own_loop(awaitable<int> role) {
  asio::io_context loop{1};
  int code = 1;
  asio::co_spawn(loop, std::move(role), [&](const std::exception_ptr& failure, int result) {
    if (failure) std::rethrow_exception(failure);
    code = result;
  });
  loop.run();
  return code;
}

}  // namespace holdfast::async
