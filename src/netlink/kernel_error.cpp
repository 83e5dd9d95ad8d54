#include "netlink/kernel_error.hpp"

#include <cerrno>
#include <system_error>

namespace holdfast::netlink {
namespace {

constexpr auto missing_capability =
    "needs CAP_NET_ADMIN; in a systemd unit: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW; or run as root";

Errc errc_of_kernel(int error_number) {
  switch (error_number) {
    case EPERM:
    case EACCES:
      return Errc::permission_denied;
    case ENODEV:
    case ENOENT:
    case EADDRNOTAVAIL:
    case ESRCH:
      return Errc::not_found;
    case EEXIST:
      return Errc::conflict;
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
      return Errc::unavailable;
    default:
      return Errc::io_error;
  }
}

}  // namespace

tl::unexpected<Error> fail_with_kernel(const std::string& doing, int error_number, const std::string& words) {
  const Errc code = errc_of_kernel(error_number);
  std::string reason = std::generic_category().message(error_number);
  if (!words.empty()) reason += ", " + words;
  if (code == Errc::permission_denied) reason += "; " + std::string{missing_capability};
  return fail(code, doing + ": " + reason);
}

}  // namespace holdfast::netlink
