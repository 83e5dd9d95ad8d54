#include "dcs/transactions.hpp"

#include <algorithm>

#include "base/overload.hpp"

namespace holdfast::dcs {
namespace {

using Target = Compare::Target;

Compare absent(std::string key) {
  return {.key = std::move(key), .target = Target::create_revision, .number = 0};
}
Compare unchanged(std::string key, Revision seen) {
  return {.key = std::move(key), .target = Target::mod_revision, .number = seen};
}
Compare is(std::string key, std::string value) {
  return {.key = std::move(key), .target = Target::value, .text = std::move(value)};
}

// The failure branch reads each compared key.
Txn when(std::vector<Compare> compares, std::vector<Op> success) {
  Txn txn{.compares = std::move(compares), .success = std::move(success), .failure = {}};
  for (const auto& compare : txn.compares) {
    const Op read = Range{compare.key};
    if (std::find(txn.failure.begin(), txn.failure.end(), read) == txn.failure.end())
      txn.failure.push_back(read);
  }
  return txn;
}

Txn always(Op op) {
  return {.compares = {}, .success = {std::move(op)}, .failure = {}};
}

Txn put_as_leader(const Keys& keys, std::string leader, std::string key, std::string value) {
  return when({is(keys.leader(), std::move(leader))}, {Put{std::move(key), std::move(value)}});
}

}  // namespace

Txn take_initialize(const Keys& keys) {
  return when({absent(keys.initialize())}, {Put{keys.initialize(), ""}});
}

Txn put_initialize(const Keys& keys, std::string system_id) {
  return when({is(keys.initialize(), "")}, {Put{keys.initialize(), std::move(system_id)}});
}

Txn restore_initialize(const Keys& keys, std::string system_id) {
  return when({absent(keys.initialize())}, {Put{keys.initialize(), std::move(system_id)}});
}

Txn drop_initialize(const Keys& keys) {
  return when({is(keys.initialize(), "")}, {Delete{keys.initialize()}});
}

Txn acquire_leader(const Keys& keys, std::string name, LeaseId lease, TimelineGuard timeline,
                   std::optional<SyncGuard> sync) {
  std::vector<Compare> compares{absent(keys.leader()), unchanged(keys.timeline(), timeline.mod_revision)};
  std::vector<Op> success{Put{keys.leader(), std::move(name), lease},
                          Put{keys.timeline(), std::to_string(timeline.number), {}}};
  if (sync) compares.push_back(unchanged(keys.sync(), sync->mod_revision));
  if (sync && sync->new_value) success.emplace_back(Put{keys.sync(), *std::move(sync->new_value)});
  return when(std::move(compares), std::move(success));
}

Txn give_out_timeline(const Keys& keys, std::string leader, TimelineGuard timeline) {
  return when({is(keys.leader(), std::move(leader)), unchanged(keys.timeline(), timeline.mod_revision)},
              {Put{keys.timeline(), std::to_string(timeline.number), {}}});
}

Txn readopt_leader(const Keys& keys, std::string name, Revision seen_mod_revision, LeaseId lease) {
  return when({is(keys.leader(), name), unchanged(keys.leader(), seen_mod_revision)},
              {Put{keys.leader(), name, lease}});
}

Txn release_leader(const Keys& keys, std::string name, std::optional<std::string> status) {
  std::vector<Op> success;
  if (status) success.emplace_back(Put{keys.status(), *std::move(status)});
  success.emplace_back(Delete{keys.leader()});
  return when({is(keys.leader(), std::move(name))}, std::move(success));
}

Txn put_member(const Keys& keys, std::string_view name, std::string value, LeaseId lease) {
  return always(Put{keys.member(name), std::move(value), lease});
}

Txn remove_member(const Keys& keys, std::string_view name) {
  return always(Delete{keys.member(name)});
}

Txn put_config(const Keys& keys, std::string text) {
  return always(Put{keys.config(), std::move(text)});
}

Txn put_config(const Keys& keys, std::string text, Revision expected) {
  return when({unchanged(keys.config(), expected)}, {Put{keys.config(), std::move(text)}});
}

Txn write_sync(const Keys& keys, std::string leader, std::string value, Revision expected) {
  return when({is(keys.leader(), std::move(leader)), unchanged(keys.sync(), expected)},
              {Put{keys.sync(), std::move(value)}});
}

Txn remove_sync(const Keys& keys, std::string leader, Revision expected) {
  return when({is(keys.leader(), std::move(leader)), unchanged(keys.sync(), expected)},
              {Delete{keys.sync()}});
}

Txn put_status(const Keys& keys, std::string leader, std::string value) {
  return put_as_leader(keys, std::move(leader), keys.status(), std::move(value));
}

Txn put_history(const Keys& keys, std::string leader, std::string value) {
  return put_as_leader(keys, std::move(leader), keys.history(), std::move(value));
}

Txn put_failsafe(const Keys& keys, std::string leader, std::string value) {
  return put_as_leader(keys, std::move(leader), keys.failsafe(), std::move(value));
}

Txn put_failover(const Keys& keys, std::string value, std::optional<Revision> expected) {
  if (!expected) return always(Put{keys.failover(), std::move(value)});
  return when({unchanged(keys.failover(), *expected)}, {Put{keys.failover(), std::move(value)}});
}

Txn clear_failover(const Keys& keys, Revision expected) {
  return put_failover(keys, "{}", expected);
}

bool was_applied(const Txn& txn, const Snapshot& read_afterwards) {
  const auto in_place = Overload{
      [&](const Put& put) {
        const auto* found = read_afterwards.find(put.key);
        return found != nullptr && found->value == put.value && found->lease == put.lease;
      },
      [&](const Delete& removal) {
        return std::none_of(
            read_afterwards.entries.begin(), read_afterwards.entries.end(), [&](const KeyValue& entry) {
              return removal.is_prefix ? entry.key.starts_with(removal.key) : entry.key == removal.key;
            });
      },
      [](const Range&) { return true; },
  };
  return std::all_of(txn.success.begin(), txn.success.end(),
                     [&](const Op& op) { return std::visit(in_place, op); });
}

}  // namespace holdfast::dcs
