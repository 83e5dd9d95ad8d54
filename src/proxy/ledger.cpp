#include "proxy/ledger.hpp"

#include <algorithm>

namespace holdfast::proxy {

void Level::raise_peak(std::int64_t to) {
  auto peak = peak_.load(std::memory_order_relaxed);
  while (peak < to && !peak_.compare_exchange_weak(peak, to, std::memory_order_relaxed)) {
  }
}

void Average::add(nanoseconds span) {
  const auto value = span.count();
  const auto before = count_.fetch_add(1, std::memory_order_relaxed);
  const auto share = before < window ? 0 : sum_.load(std::memory_order_relaxed) / window;
  sum_.fetch_add(value - share, std::memory_order_relaxed);
  auto longest = longest_.load(std::memory_order_relaxed);
  while (longest < value && !longest_.compare_exchange_weak(longest, value, std::memory_order_relaxed)) {
  }
}

nanoseconds Average::mean() const {
  const auto count = std::min(count_.load(std::memory_order_relaxed), window);
  return nanoseconds{count == 0 ? 0 : sum_.load(std::memory_order_relaxed) / count};
}

void Level::add() {
  raise_peak(now_.fetch_add(1, std::memory_order_relaxed) + 1);
}

bool Level::try_add(std::int64_t limit) {
  const auto now = now_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (limit > 0 && now > limit) {
    now_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  raise_peak(now);
  return true;
}

std::shared_ptr<ServerAccount> Ledger::server(const std::string& name) {
  auto& account = servers_[name];
  if (!account) account = std::make_shared<ServerAccount>();
  return account;
}

}  // namespace holdfast::proxy
