#include "async/asio.hpp"

#include <boost/asio/error.hpp>
#include <cerrno>

namespace holdfast::async {
namespace {

Errc errc_of_errno(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return Errc::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::permission_denied;
    case ENOENT:
      return Errc::not_found;
    case ETIMEDOUT:
      return Errc::timed_out;
    case ECANCELED:
      return Errc::cancelled;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENOTCONN:
      return Errc::unavailable;
    default:
      return Errc::io_error;
  }
}

}  // namespace

Errc errc_of(const boost::system::error_code& code) {
  if (code == asio::error::operation_aborted) return Errc::cancelled;
  if (code == asio::error::eof || code == asio::error::host_not_found ||
      code == asio::error::host_not_found_try_again) {
    return Errc::unavailable;
  }
  if (code.category() == boost::system::system_category() ||
      code.category() == boost::system::generic_category()) {
    return errc_of_errno(code.value());
  }
  return Errc::io_error;
}

tl::unexpected<Error> fail_with(const std::string& doing, const boost::system::error_code& code) {
  return fail(errc_of(code), doing + ": " + code.message());
}

tl::unexpected<Error> fail_with_errno(const std::string& doing, int error_number) {
  const boost::system::error_code code{error_number, boost::system::system_category()};
  return fail_with(doing, code);
}

awaitable<void> sleep_for(nanoseconds span) {
  BootTimer timer{co_await asio::this_coro::executor, span};
  co_await timer.async_wait(asio::use_awaitable);
}

awaitable<void> sleep_until(BootInstant when) {
  BootTimer timer{co_await asio::this_coro::executor, when};
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace holdfast::async
