#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace holdfast {

namespace asio = boost::asio;
using asio::awaitable;

// For operations whose failure is a value: `auto [ec, n] = co_await socket.async_read_some(buffer,
// as_result);`
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// A timer on CLOCK_BOOTTIME, the clock of leases and deadlines.
using BootTimer = asio::basic_waitable_timer<BootClock>;

namespace async {

// Translates what the operating system or Asio reported into our kinds of failure.
Errc errc_of(const boost::system::error_code& code);
tl::unexpected<Error> fail_with(const std::string& doing, const boost::system::error_code& code);
tl::unexpected<Error> fail_with_errno(const std::string& doing, int error_number);

// Waits without doing anything; for backing off and for periodic work, never for luck.
awaitable<void> sleep_for(nanoseconds span);
awaitable<void> sleep_until(BootInstant when);

}  // namespace async
}  // namespace holdfast
