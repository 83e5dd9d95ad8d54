#pragma once

#include <string_view>

namespace holdfast::agent {

// sd_notify(3): tells systemd "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=…". Nothing without
// NOTIFY_SOCKET.
void notify_systemd(std::string_view state);

}  // namespace holdfast::agent
