#include <fmt/format.h>

#include "base/overload.hpp"
#include "vrrp/router.hpp"

namespace holdfast::vrrp {

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::init:
      return "INIT";
    case State::backup:
      return "BACKUP";
    case State::master:
      return "MASTER";
    case State::fault:
      return "FAULT";
  }
  return "INIT";
}

std::string to_string(const Action& action) {
  return std::visit(
      Overload{
          [](const SendAdvert& send) { return fmt::format("send an advert of priority {}", send.priority); },
          [](const HoldAddresses& hold) {
            return fmt::format("hold the addresses for {} ms", hold.lifetime.count());
          },
          [](const DropAddresses&) { return std::string{"drop the addresses"}; },
          [](const Announce& announce) { return fmt::format("announce {} times", announce.repeat); },
          [](const Claim&) { return std::string{"claim"}; },
          [](const Unclaim&) { return std::string{"give the claim back"}; }},
      action);
}

}  // namespace holdfast::vrrp
