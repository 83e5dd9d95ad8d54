#include <gtest/gtest.h>

#include "async/with_timeout.hpp"
#include "dcs/etcd/settle.hpp"
#include "dcs/etcd/store.hpp"
#include "dcs/etcd/watcher.hpp"
#include "dcs/transactions.hpp"
#include "etcd_cluster.hpp"
#include "integration/play.hpp"

namespace holdfast::dcs {
namespace {

using holdfast::testing::EtcdCluster;

const Keys keys{"service", "test"};

http::Url url_of(const EtcdCluster& cluster, int i) {
  return http::parse_url(cluster.client_url(i)).value();
}

EtcdOptions options_for(const EtcdCluster& cluster) {
  EtcdOptions options;
  for (int i = 0; i < cluster.size(); ++i) options.endpoints.push_back(url_of(cluster, i));
  options.watch_idle_max = 900ms;
  return options;
}

void play(awaitable<void> story) {
  holdfast::testing::play(std::move(story), 30s);
}

awaitable<bool> until_ready(EtcdStore* store) {
  const auto deadline = BootClock::now() + 15s;
  while (BootClock::now() < deadline) {
    const auto status = co_await store->status();
    if (status && status->leader_id != 0) co_return true;
    co_await async::sleep_for(50ms);
  }
  co_return false;
}

Txn put(std::string key, std::string value, LeaseId lease = {}) {
  return {.compares = {}, .success = {Put{std::move(key), std::move(value), lease}}, .failure = {}};
}

int index_of_leader(const EtcdCluster& cluster, const StoreStatus& status) {
  for (int i = 0; i < cluster.size(); ++i) {
    if (status.leader() != nullptr && status.leader()->name == "e" + std::to_string(i)) return i;
  }
  return -1;
}

class WithThreeMembers : public ::testing::Test {
 public:
  EtcdCluster cluster{3};
};

awaitable<void> lock_story(EtcdCluster* cluster) {
  EtcdStore store{co_await asio::this_coro::executor, options_for(*cluster)};
  EXPECT_TRUE(co_await until_ready(&store));
  const auto first = co_await store.grant(2s);
  const auto second = co_await store.grant(2s);
  EXPECT_TRUE(first.has_value() && second.has_value());
  if (!first || !second) co_return;
  auto take = acquire_leader(keys, "pg1", *first, TimelineGuard{});
  const auto won = co_await store.txn(take);
  EXPECT_TRUE(won && won->succeeded);
  take = acquire_leader(keys, "pg2", *second, TimelineGuard{});
  const auto lost = co_await store.txn(take);
  EXPECT_TRUE(lost.has_value());
  if (!won || !lost) co_return;
  EXPECT_FALSE(lost->succeeded);
  EXPECT_EQ(lost->read.size(), 2U);  // the lock, and the timeline number that came with it
  if (!lost->read.empty()) {
    EXPECT_EQ(lost->read[0].value, "pg1");
    EXPECT_EQ(lost->read[0].create_revision, won->revision);
    EXPECT_EQ(lost->read[0].lease, *first);
  }
  const auto kept = co_await store.keepalive(*first);
  EXPECT_TRUE(kept && *kept == 2s);
  // Not kept alive any more: the key goes with the lease.
  auto watch = co_await store.watch(keys.prefix(), won->revision + 1);
  EXPECT_TRUE(watch.has_value());
  bool removed = false;
  const auto deadline = BootClock::now() + 10s;
  while (watch && !removed && BootClock::now() < deadline) {
    const auto batch = co_await (*watch)->next();
    EXPECT_TRUE(batch.has_value()) << to_string(batch.error());
    if (!batch) break;
    for (const auto& event : batch->events) removed |= event.kind == WatchEvent::Kind::removed;
  }
  EXPECT_TRUE(removed);
  const auto gone = co_await store.keepalive(*first);
  EXPECT_FALSE(gone.has_value());
  if (!gone) EXPECT_EQ(gone.error().code, Errc::lease_lost);
  auto orphan = put("/service/test/x", "1", *first);
  const auto refused = co_await store.txn(orphan);
  EXPECT_FALSE(refused.has_value());
  if (!refused) EXPECT_EQ(refused.error().code, Errc::lease_lost);
}
TEST_F(WithThreeMembers, the_leader_lock_has_one_holder_and_ends_with_its_lease) {
  play(lock_story(&cluster));
}

awaitable<void> failover_story(EtcdCluster* cluster, bool hang) {
  EtcdStore store{co_await asio::this_coro::executor, options_for(*cluster)};
  EXPECT_TRUE(co_await until_ready(&store));
  const auto status = co_await store.status();
  EXPECT_TRUE(status.has_value());
  if (!status) co_return;
  const int leader = index_of_leader(*cluster, *status);
  int changes = 0;
  ClusterWatcher watcher{
      co_await asio::this_coro::executor, &store, keys.prefix(), {[&changes] { ++changes; }}};
  auto before = put(keys.config(), "{\"a\":1}");
  EXPECT_TRUE((co_await settle(&store, before)).has_value());
  if (hang) {
    cluster->signal(leader, SIGSTOP);
  } else {
    cluster->kill(leader);
  }
  bool written = false;
  const auto deadline = BootClock::now() + 12s;
  while (!written && BootClock::now() < deadline) {
    auto after = put(keys.config(), "{\"a\":2}");
    const auto done = co_await settle(&store, after);
    written = done && done->succeeded;
  }
  EXPECT_TRUE(written);
  bool seen = false;
  while (!seen && BootClock::now() < deadline) {
    const auto* entry = watcher.snapshot().find(keys.config());
    seen = watcher.is_healthy() && entry != nullptr && entry->value == "{\"a\":2}";
    co_await async::sleep_for(20ms);
  }
  EXPECT_TRUE(seen);
  if (hang) cluster->signal(leader, SIGCONT);
  co_await watcher.stop();
}
TEST_F(WithThreeMembers, the_store_and_the_watcher_go_on_when_a_member_is_killed) {
  play(failover_story(&cluster, false));
}
TEST_F(WithThreeMembers, the_store_and_the_watcher_go_on_when_a_member_hangs) {
  play(failover_story(&cluster, true));
}

awaitable<void> compaction_story(EtcdCluster* cluster) {
  EtcdStore store{co_await asio::this_coro::executor, options_for(*cluster)};
  EXPECT_TRUE(co_await until_ready(&store));
  Revision last = 0;
  for (int i = 0; i < 5; ++i) {
    auto write = put(keys.config(), std::to_string(i));
    const auto done = co_await store.txn(write);
    if (done) last = done->revision;
  }
  const auto compacted = co_await store.compact(last);
  EXPECT_TRUE(compacted.has_value()) << to_string(compacted.error());
  auto watch = co_await store.watch(keys.prefix(), last - 3);
  EXPECT_TRUE(watch.has_value());
  if (!watch) co_return;
  Errc code = Errc::internal;
  for (int i = 0; i < 5; ++i) {
    const auto batch = co_await (*watch)->next();
    if (batch) continue;
    code = batch.error().code;
    break;
  }
  EXPECT_EQ(code, Errc::compacted);
}
TEST_F(WithThreeMembers, a_watch_from_a_compacted_revision_says_so) {
  play(compaction_story(&cluster));
}

awaitable<void> placement_story(EtcdCluster* cluster) {
  EtcdStore store{co_await asio::this_coro::executor, options_for(*cluster)};
  EXPECT_TRUE(co_await until_ready(&store));
  const auto before = co_await store.status();
  EXPECT_TRUE(before && before->leader() != nullptr);
  if (!before || before->leader() == nullptr) co_return;
  const auto host = before->leader()->name;
  const auto moved = co_await keep_leader_off(&store, host);
  EXPECT_TRUE(moved && *moved) << (moved ? "" : to_string(moved.error()));
  EXPECT_TRUE(co_await until_ready(&store));
  const auto again = co_await keep_leader_off(&store, host);
  EXPECT_TRUE(again && !*again);
}
TEST_F(WithThreeMembers, leadership_moves_off_a_host_once) {
  play(placement_story(&cluster));
}

awaitable<void> majority_story(EtcdCluster* cluster) {
  EtcdStore store{co_await asio::this_coro::executor, options_for(*cluster)};
  EXPECT_TRUE(co_await until_ready(&store));
  ClusterWatcher watcher{co_await asio::this_coro::executor, &store, keys.prefix(), {}};
  auto deadline = BootClock::now() + 5s;
  while (!watcher.is_healthy() && BootClock::now() < deadline) co_await async::sleep_for(20ms);
  EXPECT_TRUE(watcher.is_healthy());
  cluster->signal(0, SIGSTOP);
  cluster->signal(1, SIGSTOP);
  deadline = BootClock::now() + 10s;
  while (watcher.is_healthy() && BootClock::now() < deadline) co_await async::sleep_for(20ms);
  EXPECT_FALSE(watcher.is_healthy());
  cluster->signal(0, SIGCONT);
  cluster->signal(1, SIGCONT);
  deadline = BootClock::now() + 10s;
  while (!watcher.is_healthy() && BootClock::now() < deadline) co_await async::sleep_for(20ms);
  EXPECT_TRUE(watcher.is_healthy());
  co_await watcher.stop();
}
TEST_F(WithThreeMembers, a_watcher_without_a_majority_is_not_healthy) {
  play(majority_story(&cluster));
}

awaitable<void> keep_leader_off_once(EtcdStore* store, std::string host) {
  const auto moved = co_await keep_leader_off(store, std::move(host));
  EXPECT_TRUE(moved && *moved) << (moved ? "" : to_string(moved.error()));
  EXPECT_TRUE(co_await until_ready(store));
}

awaitable<void> wipe_story(EtcdCluster* cluster) {
  EtcdStore store{co_await asio::this_coro::executor, options_for(*cluster)};
  EXPECT_TRUE(co_await until_ready(&store));
  // Elections raise the term, so that the wiped cluster certainly comes back with a lower one.
  for (int i = 0; i < 3; ++i) {
    const auto before = co_await store.status();
    const auto host = before && before->leader() != nullptr ? before->leader()->name : std::string{};
    co_await keep_leader_off_once(&store, host);
  }
  ClusterWatcher watcher{co_await asio::this_coro::executor, &store, keys.prefix(), {}};
  for (int i = 0; i < 20; ++i) {
    auto write = put(keys.config(), std::to_string(i));
    EXPECT_TRUE((co_await store.txn(write)).has_value());
  }
  const auto seen_by = BootClock::now() + 5s;
  while (watcher.snapshot().find(keys.config()) == nullptr && BootClock::now() < seen_by) {
    co_await async::sleep_for(20ms);
  }
  EXPECT_NE(watcher.snapshot().find(keys.config()), nullptr);
  for (int i = 0; i < 3; ++i) cluster->kill(i);
  for (int i = 0; i < 3; ++i) cluster->erase_data(i);
  for (int i = 0; i < 3; ++i) cluster->start(i);
  const auto deadline = BootClock::now() + 15s;
  bool is_empty = false;
  while (!is_empty && BootClock::now() < deadline) {
    is_empty = watcher.is_healthy() && watcher.snapshot().entries.empty();
    co_await async::sleep_for(20ms);
  }
  EXPECT_TRUE(is_empty);
  auto write = put(keys.config(), "new");
  EXPECT_TRUE((co_await settle(&store, write)).has_value());
  bool seen = false;
  while (!seen && BootClock::now() < deadline) {
    const auto* entry = watcher.snapshot().find(keys.config());
    seen = watcher.is_healthy() && entry != nullptr && entry->value == "new";
    co_await async::sleep_for(20ms);
  }
  EXPECT_TRUE(seen);
  co_await watcher.stop();
}
TEST_F(WithThreeMembers, a_wiped_store_is_seen_as_empty_and_followed_again) {
  play(wipe_story(&cluster));
}

}  // namespace
}  // namespace holdfast::dcs
