#pragma once

#include <sys/un.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "base/result.hpp"

namespace holdfast::agent {

inline constexpr std::uint64_t sentinel_magic = 0x686f6c6466617374;  // "holdfast"

// Instead of a deadline: the guarded server is stopped for good.
inline constexpr std::int64_t sentinel_dismissal = -1;

// Both ways: the agent sends the deadline to arm (0: disarm), the sentinel greets with the one it holds.
struct SentinelMessage {
  std::uint64_t magic = sentinel_magic;
  std::int64_t deadline_ns = 0;  // CLOCK_BOOTTIME
};

inline Result<sockaddr_un> sentinel_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(Errc::invalid_argument,
                "the path of the sentinel's socket is too long for a Unix socket: " + path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace holdfast::agent
