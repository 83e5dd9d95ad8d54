#include "route/admission.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace holdfast::route {

void WaitingRoom::add(ClientId client, BootInstant deadline) {
  CHECK(!places_.contains(client));
  places_[client] = {turns_.insert(turns_.end(), client), deadline};
  deadlines_.emplace(deadline, client);
}

bool WaitingRoom::remove(ClientId client) {
  const auto place = places_.find(client);
  if (place == places_.end()) return false;
  turns_.erase(place->second.turn);
  deadlines_.erase({place->second.deadline, client});
  places_.erase(place);
  return true;
}

std::optional<ClientId> WaitingRoom::front() const {
  if (turns_.empty()) return std::nullopt;
  return turns_.front();
}

std::vector<ClientId> WaitingRoom::take_expired(BootInstant now) {
  std::vector<ClientId> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    expired.push_back(deadlines_.begin()->second);
    remove(expired.back());
  }
  return expired;
}

std::optional<BootInstant> WaitingRoom::wake_at() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

bool Pace::try_take(BootInstant now) {
  const auto earned = (now - filled_at_) / options_.interval;
  if (earned > 0) {
    tokens_ = static_cast<int>(std::min<std::int64_t>(options_.burst, tokens_ + earned));
    filled_at_ += earned * options_.interval;
  }
  if (tokens_ == 0) return false;
  --tokens_;
  return true;
}

}  // namespace holdfast::route
