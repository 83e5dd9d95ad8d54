#include "vip/privileges.hpp"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "base/log.hpp"

namespace holdfast::vip {
namespace {

bool has_capability(int capability) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[static_cast<std::size_t>(capability) / 32].effective >> (capability % 32) & 1U) != 0;
}

// A loop that never sleeps must not take the host with it: after so much real-time CPU in one go it gets
// SIGXCPU and is started anew. keepalived: vrrp_rlimit_rttime.
constexpr rlim_t rt_time_max_us = 500'000;

}  // namespace

Result<void> check_capabilities() {
  std::string missing;
  if (!has_capability(CAP_NET_ADMIN)) missing += "CAP_NET_ADMIN ";
  if (!has_capability(CAP_NET_RAW)) missing += "CAP_NET_RAW ";
  if (missing.empty()) return {};
  missing.pop_back();
  return fail(Errc::permission_denied,
              "the role vip needs " + missing +
                  "; in a systemd unit: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW "
                  "CAP_SYS_NICE CAP_IPC_LOCK (systemctl edit holdfast), else run it as root");
}

void raise_priority(int rt_priority, bool locks_memory) {
  if (rt_priority > 0) {
    const sched_param how{.sched_priority = rt_priority};
    if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &how) == 0) {
      const rlimit limit{rt_time_max_us, rt_time_max_us};
      ::setrlimit(RLIMIT_RTTIME, &limit);
    } else {
      log::warn("no real-time priority: a starved host may lose its address; CAP_SYS_NICE is needed",
                {{"vrrp_rt_priority", rt_priority}, {"error", std::string{std::strerror(errno)}}});
    }
  }
  if (!locks_memory) return;
  // Without the capability it might work for now, and at RLIMIT_MEMLOCK no more memory could be had at all.
  if (!has_capability(CAP_IPC_LOCK) || ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
    log::warn("memory is not locked: a swapping host may lose its address; CAP_IPC_LOCK is needed");
}

}  // namespace holdfast::vip
