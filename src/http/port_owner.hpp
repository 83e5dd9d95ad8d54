#pragma once

#include <string>

#include "http/url.hpp"

namespace holdfast::http {

// "process 4711 (postgres)" when /proc tells who listens there, else a command that will: for
// messages about a port in use. Reads /proc; for start-up only.
std::string describe_port_owner(const Endpoint& endpoint);

}  // namespace holdfast::http
