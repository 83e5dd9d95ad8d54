#include "route/table.hpp"

#include <algorithm>

namespace holdfast::route {

const Server* Table::find(std::string_view name) const {
  const auto found = std::ranges::find(servers, name, &Server::name);
  return found == servers.end() ? nullptr : &*found;
}

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::unknown:
      return "unknown";
    case Role::primary:
      return "primary";
    case Role::replica:
      return "replica";
  }
  return "";
}

std::string_view to_string(GateState state) noexcept {
  switch (state) {
    case GateState::held:
      return "held";
    case GateState::draining:
      return "draining";
    case GateState::open:
      return "open";
  }
  return "";
}

std::string_view to_string(CutCause cause) noexcept {
  switch (cause) {
    case CutCause::proof_expired:
      return "proof_expired";
    case CutCause::epoch_passed:
      return "epoch_passed";
    case CutCause::role_lost:
      return "role_lost";
    case CutCause::diverged:
      return "diverged";
    case CutCause::shutdown:
      return "shutdown";
  }
  return "";
}

}  // namespace holdfast::route
