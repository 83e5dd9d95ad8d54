#pragma once

#include <cstdint>
#include <string>

namespace holdfast::http {

// "process 4711 (postgres)" when /proc tells who listens on that TCP port, else a command that will: for
// messages about a port in use. Reads /proc; for start-up only.
std::string describe_port_owner(std::uint16_t port);

}  // namespace holdfast::http
