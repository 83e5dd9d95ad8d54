#pragma once

#include <fmt/format.h>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/system/system_error.hpp>

#include "async/asio.hpp"

namespace holdfast::async {

// Runs `operation` for at most `limit`; past it the operation is cancelled and Errc::timed_out comes back.
// Takes only awaitable<Result<T>>: `||` waits for the first *success*, so a throwing operation would wait out
// the timer.
template <class T>
awaitable<Result<T>> with_timeout(nanoseconds limit, awaitable<Result<T>> operation) {
  using namespace asio::experimental::awaitable_operators;
  BootTimer timer{co_await asio::this_coro::executor, limit};
  auto waiting = timer.async_wait(as_result);
  auto first = co_await (std::move(operation) || std::move(waiting));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error{asio::error::operation_aborted};
  }
  const auto shown = std::chrono::duration_cast<milliseconds>(limit).count();
  co_return fail(Errc::timed_out, fmt::format("no answer within {} ms", shown));
}

}  // namespace holdfast::async
