#include "agent/watchdog.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "async/asio.hpp"

namespace holdfast::agent {

int watchdog_timeout_seconds(milliseconds ttl, milliseconds safety_margin) {
  const auto timeout = safety_margin < 0ms || safety_margin >= ttl ? ttl / 2 : ttl - safety_margin;
  return std::max(1, static_cast<int>(std::chrono::floor<seconds>(timeout).count()));
}

Watchdog::~Watchdog() {
  disarm();
}

Result<void> Watchdog::arm(milliseconds ttl) {
  if (!is_wanted() || is_armed()) return {};
  const int fd = open(options_.device.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return async::fail_with_errno("watchdog " + options_.device, errno);
  fd_ = fd;
  const int wanted = watchdog_timeout_seconds(ttl, options_.safety_margin);
  int timeout = wanted;
  if (ioctl(fd, WDIOC_SETTIMEOUT, &timeout) != 0 || timeout > wanted) {
    disarm();
    return fail(Errc::unsupported, fmt::format("watchdog {} can't be set to {} s (it offers {} s)",
                                               options_.device, wanted, timeout));
  }
  pet();
  return {};
}

void Watchdog::pet() {
  if (fd_ >= 0) ioctl(fd_, WDIOC_KEEPALIVE, 0);
}

void Watchdog::disarm() {
  if (fd_ < 0) return;
  [[maybe_unused]] const auto written = write(fd_, "V", 1);
  close(fd_);
  fd_ = -1;
}

}  // namespace holdfast::agent
