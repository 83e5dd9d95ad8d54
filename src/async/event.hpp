#pragma once

#include "async/asio.hpp"

namespace holdfast::async {

// Something happened: a flag with one waiter. notify() before wait() is not lost; several notifies are one.
// Belongs to one executor; not thread-safe.
class Event {
 public:
  explicit Event(const asio::any_io_executor& executor) : timer_{executor} {}

  void notify() {
    set_ = true;
    timer_.cancel();
  }

  // Returns when notified, and clears the flag.
  awaitable<void> wait() { co_await wait_until(BootInstant::max()); }

  // true: notified; false: `deadline` came first.
  awaitable<bool> wait_until(BootInstant deadline) {
    if (!set_) {
      timer_.expires_at(deadline);
      co_await timer_.async_wait(as_result);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error{asio::error::operation_aborted};
      }
    }
    co_return std::exchange(set_, false);
  }

 private:
  BootTimer timer_;
  bool set_ = false;
};

}  // namespace holdfast::async
