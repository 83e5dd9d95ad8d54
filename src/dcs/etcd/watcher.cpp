#include "dcs/etcd/watcher.hpp"

#include "async/backoff.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"

namespace holdfast::dcs {

struct ClusterWatcher::State : std::enable_shared_from_this<State> {
  State(const asio::any_io_executor& executor, Store* given, std::string under, Events told)
      : store{given}, prefix{std::move(under)}, events{std::move(told)}, wanted{executor}, tasks{executor} {}

  Store* store;
  std::string prefix;
  Events events;
  Snapshot snapshot;
  bool is_healthy = false;
  bool has_snapshot = false;
  BootInstant last_contact{};
  std::optional<Error> error;
  async::Event wanted;  // refresh() was called, or it is time to look again
  async::TaskGroup tasks;

  void tell() const {
    if (events.on_change) events.on_change();
  }

  void lose(const Error& why) {
    const bool was_healthy = std::exchange(is_healthy, false);
    if (was_healthy || !error) log::warn("lost sight of the DCS", {{"prefix", prefix}, {"error", why}});
    error = why;
    if (was_healthy) tell();
  }

  void take(Snapshot listed) {
    last_contact = BootClock::now();
    const bool is_news = !is_healthy || !has_snapshot || snapshot.entries != listed.entries;
    if (error) log::info("the DCS is in sight again", {{"prefix", prefix}, {"revision", listed.revision}});
    snapshot = std::move(listed);
    has_snapshot = true;
    is_healthy = true;
    error.reset();
    if (is_news) tell();
  }

  awaitable<Result<void>> list() {
    auto listed = co_await store->range(prefix);
    if (!listed) co_return tl::unexpected(listed.error());
    take(*std::move(listed));
    co_return Result<void>{};
  }

  // Ends with the error that ended the watch.
  awaitable<Error> follow() {
    auto watch = co_await store->watch(prefix, snapshot.revision + 1);
    if (!watch) co_return watch.error();
    for (;;) {
      auto batch = co_await (*watch)->next();
      if (!batch) co_return batch.error();
      last_contact = BootClock::now();
      dcs::apply(*batch, snapshot);
      if (!batch->events.empty()) tell();
    }
  }

  awaitable<void> run() {
    const auto self = shared_from_this();
    async::Backoff backoff{20ms, 1s};
    for (;;) {
      const auto listed = co_await list();
      if (listed) {
        backoff.reset();
        const auto ended = co_await follow();
        lose(ended);
        if (ended.code == Errc::compacted) continue;  // nothing is wrong with the store
      } else {
        lose(listed.error());
      }
      co_await async::sleep_for(backoff.next());
    }
  }

  // A stream can be wedged while its server is alive: now and then, and when asked, compare with a fresh list
  // (EC-10).
  awaitable<void> audit() {
    const auto self = shared_from_this();
    for (;;) {
      co_await wanted.wait_until(BootClock::now() + 5s);
      if (!is_healthy) continue;
      auto listed = co_await store->range(prefix);
      if (!listed || !is_healthy || listed->revision <= snapshot.revision) continue;
      if (listed->entries == snapshot.entries) continue;
      // The stream is behind this list; taking it is safe: older events that still come change nothing.
      take(*std::move(listed));
    }
  }
};

ClusterWatcher::ClusterWatcher(const asio::any_io_executor& executor, Store* store, std::string prefix,
                               Events events)
    : state_{std::make_shared<State>(executor, store, std::move(prefix), std::move(events))} {
  state_->tasks.spawn("dcs watch", state_->run());
  state_->tasks.spawn("dcs audit", state_->audit());
}
ClusterWatcher::~ClusterWatcher() = default;

bool ClusterWatcher::is_healthy() const {
  return state_->is_healthy;
}
bool ClusterWatcher::has_snapshot() const {
  return state_->has_snapshot;
}
const Snapshot& ClusterWatcher::snapshot() const {
  return state_->snapshot;
}
BootInstant ClusterWatcher::last_contact() const {
  return state_->last_contact;
}
std::optional<Error> ClusterWatcher::last_error() const {
  return state_->error;
}
void ClusterWatcher::refresh() {
  state_->wanted.notify();
}

awaitable<void> ClusterWatcher::stop() {
  const auto state = state_;
  co_await state->tasks.stop();
}

}  // namespace holdfast::dcs
