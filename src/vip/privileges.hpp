#pragma once

#include "base/result.hpp"

namespace holdfast::vip {

// Whether this process may do what the role needs. Errc::permission_denied names each capability that is
// missing (CAP_NET_ADMIN: addresses; CAP_NET_RAW: adverts and ARP) and how a systemd unit grants it.
Result<void> check_capabilities();

// A real-time priority (SCHED_RR; children start without it) and memory that is not swapped, so that a
// starved host keeps advertising. What is not allowed is said and done without. 0: the ordinary scheduler.
void raise_priority(int rt_priority, bool locks_memory);

}  // namespace holdfast::vip
