#include "base/errc.hpp"

namespace holdfast {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::timed_out:
      return "timed out";
    case Errc::unavailable:
      return "unavailable";
    case Errc::refused:
      return "refused";
    case Errc::not_found:
      return "not found";
    case Errc::conflict:
      return "conflict";
    case Errc::lease_lost:
      return "lease lost";
    case Errc::compacted:
      return "compacted";
    case Errc::stale:
      return "stale";
    case Errc::bad_message:
      return "bad message";
    case Errc::too_large:
      return "too large";
    case Errc::invalid_argument:
      return "invalid argument";
    case Errc::unsupported:
      return "unsupported";
    case Errc::no_space:
      return "no space left";
    case Errc::permission_denied:
      return "permission denied";
    case Errc::io_error:
      return "i/o error";
    case Errc::process_failed:
      return "process failed";
    case Errc::cancelled:
      return "cancelled";
    case Errc::internal:
      return "internal error";
  }
  return "unknown error";
}

}  // namespace holdfast
