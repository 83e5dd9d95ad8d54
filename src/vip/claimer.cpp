#include "vip/claimer.hpp"

#include <boost/json.hpp>

#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "dcs/etcd/settle.hpp"

namespace holdfast::vip {
namespace {

constexpr milliseconds try_again_after = 100ms;  // somebody else's claim may end at any moment
constexpr milliseconds goodbye_limit = 1s;

std::string print_claim(const std::string& holder) {
  return boost::json::serialize(boost::json::object{{"holder", holder}});
}

// A claim by us of an earlier life is ours to replace: that process is gone, or the role could not have
// begun.
dcs::Txn take_txn(const ClaimOptions& options, const dcs::KeyValue* there, dcs::LeaseId lease) {
  const dcs::Revision seen = there == nullptr ? 0 : there->mod_revision;
  return {.compares = {{.key = options.key, .target = dcs::Compare::Target::mod_revision, .number = seen}},
          .success = {dcs::Put{options.key, print_claim(options.holder), lease}},
          .failure = {}};
}

}  // namespace

Claimer::Claimer(const asio::any_io_executor& executor, dcs::Store* store, ClaimOptions options,
                 Answer answer)
    : store_{store},
      options_{std::move(options)},
      answer_{std::move(answer)},
      changed_{executor},
      tasks_{executor} {
  tasks_.spawn("claim of " + options_.key, run());
}

void Claimer::claim() {
  is_wanted_ = true;
  changed_.notify();
}

void Claimer::unclaim() {
  is_wanted_ = false;
  changed_.notify();
}

awaitable<void> Claimer::run() {
  for (;;) {
    if (!is_wanted_) {
      if (lease_) co_await give_back();
      if (!is_wanted_) co_await changed_.wait();
      continue;
    }
    Result<void> done;
    if (lease_) {
      done = co_await renew();
    } else {
      done = co_await take();
    }
    const std::string trouble = done ? "" : done.error().context;
    if (trouble != trouble_ && !trouble.empty())
      log::info("the claim is not ours", {{"key", options_.key}, {"why", trouble}});
    trouble_ = trouble;
    const milliseconds pause = lease_ && done ? options_.ttl / 6 : try_again_after;
    co_await changed_.wait_until(BootClock::now() + pause);
  }
}

awaitable<Result<void>> Claimer::take() {
  const auto seen = co_await store_->range(options_.key);
  if (!seen) co_return fail("reading the claim", seen.error());
  const auto* there = seen->find(options_.key);
  if (there != nullptr && there->value != print_claim(options_.holder)) {
    lose();
    co_return fail(Errc::conflict, "it is held: " + there->value);
  }
  const BootInstant sent = BootClock::now();
  const auto lease = co_await store_->grant(std::chrono::ceil<seconds>(options_.ttl));
  if (!lease) co_return fail("granting a lease", lease.error());
  auto txn = take_txn(options_, there, *lease);
  const auto taken = co_await dcs::settle(store_, std::move(txn));
  if (!taken || !taken->succeeded || !is_wanted_) {
    // If the write is still on its way, its key dies with the lease.
    const auto revoked = co_await store_->revoke(*lease);
    if (!taken) co_return fail("taking the claim", taken.error());
    if (!taken->succeeded)
      co_return fail(Errc::conflict, "it changed hands meanwhile");  // who has it: next try
    co_return Result<void>{};
  }
  lease_ = *lease;
  until_ = sent + std::chrono::duration_cast<nanoseconds>(options_.ttl * (1.0 - options_.clock_drift_max));
  answer_(until_);
  co_return Result<void>{};
}

awaitable<Result<void>> Claimer::renew() {
  const BootInstant sent = BootClock::now();
  // A request that hangs must neither use up what is left of the lease nor outlive it.
  const auto patience = std::min<nanoseconds>(options_.ttl / 3, until_ - sent);
  Result<seconds> left = fail(Errc::lease_lost, "its time is over");
  if (patience > 0ns) {
    auto asking = store_->keepalive(lease_);
    left = co_await async::with_timeout(patience, std::move(asking));
  }
  if (left) {
    until_ = sent + std::chrono::duration_cast<nanoseconds>(options_.ttl * (1.0 - options_.clock_drift_max));
    if (is_wanted_) answer_(until_);
    co_return Result<void>{};
  }
  // Past its end the lease says nothing any more, whatever the DCS may still answer.
  if (left.error().code == Errc::lease_lost || BootClock::now() >= until_) {
    lease_ = {};
    lose();
  }
  co_return fail("renewing the claim", left.error());
}

// The router asks again when it still wants it.
void Claimer::lose() {
  if (!std::exchange(is_wanted_, false)) return;
  answer_(std::nullopt);
}

awaitable<void> Claimer::give_back() {
  auto revoking = store_->revoke(lease_);
  const auto revoked = co_await async::with_timeout(goodbye_limit, std::move(revoking));
  lease_ = {};  // not before: stop() may cut this short, and then has it to give back
  if (!revoked)
    log::warn("the claim could not be given back, it ends by itself", {{"error", revoked.error()}});
}

awaitable<void> Claimer::stop() {
  is_wanted_ = false;
  co_await tasks_.stop();
  if (lease_) co_await give_back();
}

}  // namespace holdfast::vip
