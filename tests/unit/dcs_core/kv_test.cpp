#include "dcs/memory/kv.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "dcs/cluster.hpp"
#include "dcs/transactions.hpp"

namespace holdfast::dcs {
namespace {

const Keys keys{"service", "demo"};
constexpr BootInstant start{1h};

TxnResult done(Kv& kv, const Txn& txn, BootInstant now = start) {
  return kv.apply(txn, now).value();
}

TEST(Transactions, only_one_member_gets_the_leader_lock) {
  Kv kv;
  const auto first = kv.grant(4s, start), second = kv.grant(4s, start);
  EXPECT_TRUE(done(kv, acquire_leader(keys, "pg1", first, TimelineGuard{})).succeeded);
  const auto lost = done(kv, acquire_leader(keys, "pg2", second, TimelineGuard{}));
  EXPECT_FALSE(lost.succeeded);
  ASSERT_EQ(lost.read.size(), 2U);
  EXPECT_EQ(lost.read[0].value, "pg1");
  EXPECT_EQ(lost.read[1].key, keys.timeline());
}

TEST(Transactions, no_timeline_number_is_given_out_twice) {
  Kv kv;
  const auto first = kv.grant(4s, start), second = kv.grant(4s, start);
  EXPECT_TRUE(done(kv, acquire_leader(keys, "pg1", first, TimelineGuard{0, 2})).succeeded);
  EXPECT_TRUE(done(kv, release_leader(keys, "pg1")).succeeded);
  // pg2 counted from what it saw before pg1 took the lock.
  EXPECT_FALSE(done(kv, acquire_leader(keys, "pg2", second, TimelineGuard{0, 2})).succeeded);
  const auto seen = parse_cluster(keys, kv.range(keys.prefix())).timeline.value();
  EXPECT_EQ(seen.number, 2U);
  EXPECT_TRUE(done(kv, acquire_leader(keys, "pg2", second, TimelineGuard{seen.mod_revision, 3})).succeeded);
  EXPECT_FALSE(done(kv, give_out_timeline(keys, "pg1", TimelineGuard{seen.mod_revision, 4})).succeeded);
  EXPECT_FALSE(done(kv, give_out_timeline(keys, "pg2", TimelineGuard{seen.mod_revision, 4})).succeeded);
  const auto now = parse_cluster(keys, kv.range(keys.prefix())).timeline.value();
  EXPECT_TRUE(done(kv, give_out_timeline(keys, "pg2", TimelineGuard{now.mod_revision, 4})).succeeded);
  EXPECT_EQ(kv.range(keys.timeline()).entries.at(0).value, "4");
}

TEST(Transactions, the_lock_is_not_taken_when_sync_has_moved) {
  Kv kv;
  const auto lease = kv.grant(4s, start);
  const auto seen =
      done(kv, Txn{.compares = {}, .success = {Put{keys.sync(), "{}", {}}}, .failure = {}}).revision;
  done(kv, Txn{.compares = {}, .success = {Put{keys.sync(), "{\"leader\":\"pg2\"}", {}}}, .failure = {}});
  EXPECT_FALSE(
      done(kv, acquire_leader(keys, "pg1", lease, TimelineGuard{}, SyncGuard{seen, "mine"})).succeeded);
  EXPECT_FALSE(done(kv, acquire_leader(keys, "pg1", lease, TimelineGuard{}, SyncGuard{0, "mine"})).succeeded);
  EXPECT_TRUE(
      done(kv, acquire_leader(keys, "pg1", lease, TimelineGuard{}, SyncGuard{seen + 1, "mine"})).succeeded);
  EXPECT_EQ(kv.range(keys.sync()).entries.at(0).value, "mine");
}

TEST(Transactions, readopting_keeps_the_epoch_and_moves_the_lease) {
  Kv kv;
  const auto old_lease = kv.grant(4s, start);
  const auto epoch = done(kv, acquire_leader(keys, "pg1", old_lease, TimelineGuard{})).revision;
  const auto new_lease = kv.grant(4s, start);
  EXPECT_FALSE(done(kv, readopt_leader(keys, "pg2", epoch, new_lease)).succeeded);
  EXPECT_FALSE(done(kv, readopt_leader(keys, "pg1", epoch - 1, new_lease)).succeeded);
  EXPECT_TRUE(done(kv, readopt_leader(keys, "pg1", epoch, new_lease)).succeeded);
  EXPECT_TRUE(kv.revoke(old_lease).has_value());
  const auto leader = kv.range(keys.leader()).entries.at(0);
  EXPECT_EQ(leader.create_revision, epoch);
  EXPECT_EQ(leader.lease, new_lease);
}

TEST(Transactions, a_deposed_leader_can_write_neither_sync_nor_status) {
  Kv kv;
  const auto lease = kv.grant(4s, start);
  done(kv, acquire_leader(keys, "pg2", lease, TimelineGuard{}));
  EXPECT_FALSE(done(kv, write_sync(keys, "pg1", "{}", 0)).succeeded);
  EXPECT_FALSE(done(kv, put_status(keys, "pg1", "{}")).succeeded);
  EXPECT_FALSE(done(kv, release_leader(keys, "pg1", "{}")).succeeded);
  EXPECT_TRUE(done(kv, release_leader(keys, "pg2", "{}")).succeeded);
  EXPECT_TRUE(kv.range(keys.leader()).entries.empty());
}

TEST(Transactions, initialize_goes_from_absent_to_in_progress_to_done) {
  Kv kv;
  EXPECT_TRUE(done(kv, take_initialize(keys)).succeeded);
  EXPECT_FALSE(done(kv, take_initialize(keys)).succeeded);
  EXPECT_TRUE(done(kv, put_initialize(keys, "71")).succeeded);
  EXPECT_FALSE(done(kv, drop_initialize(keys)).succeeded);
  EXPECT_FALSE(done(kv, restore_initialize(keys, "72")).succeeded);
}

TEST(Transactions, a_lost_reply_is_resolved_by_what_is_there) {
  Kv kv;
  const auto lease = kv.grant(4s, start), other = kv.grant(4s, start);
  // Our name, but an older lease of ours.
  const auto before = done(kv, acquire_leader(keys, "pg1", other, TimelineGuard{})).revision;
  const auto ours = acquire_leader(keys, "pg1", lease, TimelineGuard{before, 0});
  EXPECT_FALSE(was_applied(ours, kv.range(keys.prefix())));
  EXPECT_TRUE(kv.revoke(other).has_value());
  EXPECT_FALSE(was_applied(ours, kv.range(keys.prefix())));
  done(kv, ours);
  EXPECT_TRUE(was_applied(ours, kv.range(keys.prefix())));
}

TEST(Kv, removes_the_keys_of_an_ended_lease_only_when_asked_to) {
  Kv kv;
  const auto lease = kv.grant(2s, start);
  done(kv, acquire_leader(keys, "pg1", lease, TimelineGuard{}));
  kv.expire(start + 2s - 1ns);
  EXPECT_EQ(kv.range(keys.leader()).entries.size(), 1U);
  EXPECT_TRUE(kv.keepalive(lease, start + 1s).has_value());
  kv.expire(start + 2s);
  EXPECT_EQ(kv.range(keys.leader()).entries.size(), 1U);
  kv.expire(start + 3s);
  EXPECT_TRUE(kv.range(keys.leader()).entries.empty());
  EXPECT_EQ(kv.keepalive(lease, start + 3s).error().code, Errc::lease_lost);
  EXPECT_EQ(kv.apply(acquire_leader(keys, "pg1", lease, TimelineGuard{2, 0}), start).error().code,
            Errc::lease_lost);
}

TEST(Kv, restarts_every_ttl_in_full_when_etcd_elects_a_leader) {  // EC-108
  Kv kv;
  const auto lease = kv.grant(2s, start);
  kv.elect(start + 1900ms);
  kv.expire(start + 3800ms);
  EXPECT_TRUE(kv.ttl_of(lease).has_value());
  kv.expire(start + 3900ms);
  EXPECT_FALSE(kv.ttl_of(lease).has_value());
}

TEST(Kv, tells_a_watcher_that_its_revision_is_compacted) {
  Kv kv;
  for (int i = 0; i < 3; ++i) done(kv, put_config(keys, std::to_string(i)));
  kv.compact(3);
  EXPECT_EQ(kv.events_since(keys.prefix(), 3).error().code, Errc::compacted);
  EXPECT_EQ(kv.events_since(keys.prefix(), 4)->events.size(), 1U);
}

RC_GTEST_PROP(Kv, a_copy_kept_by_events_equals_a_fresh_list,
              (const std::vector<std::pair<std::uint8_t, bool>>& writes)) {
  Kv kv;
  Snapshot copy = kv.range(keys.prefix());
  for (const auto& [key, is_put] : writes) {
    const auto name = keys.member("pg" + std::to_string(key % 5));
    Txn txn{.compares = {}, .success = {}, .failure = {}};
    if (is_put) txn.success.emplace_back(Put{name, std::to_string(key), {}});
    if (!is_put) txn.success.emplace_back(Delete{name, false});
    done(kv, txn);
    if (key % 3 == 0) apply(kv.events_since(keys.prefix(), copy.revision + 1).value(), copy);
  }
  apply(kv.events_since(keys.prefix(), copy.revision + 1).value(), copy);
  RC_ASSERT(copy == kv.range(keys.prefix()));
}

}  // namespace
}  // namespace holdfast::dcs
