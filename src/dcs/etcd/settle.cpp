#include "dcs/etcd/settle.hpp"

#include <algorithm>

#include "base/overload.hpp"
#include "dcs/transactions.hpp"

namespace holdfast::dcs {
namespace {

std::string written_key(const Op& op) {
  return std::visit(
      Overload{[](const Put& put) { return put.key; }, [](const Delete& removal) { return removal.key; },
               [](const Range&) { return std::string{}; }},
      op);
}

}  // namespace

awaitable<Result<TxnResult>> settle(Store* store, Txn txn) {
  auto done = co_await store->txn(txn);
  const bool is_unknown =
      !done && (done.error().code == Errc::timed_out || done.error().code == Errc::unavailable ||
                done.error().code == Errc::stale);
  if (!is_unknown) co_return done;
  Snapshot found;
  for (const auto& op : txn.success) {
    const auto key = written_key(op);
    if (key.empty()) continue;
    auto part = co_await store->range(key);  // a prefix read; what is longer than the key does no harm
    if (!part) co_return done;
    found.revision = std::max(found.revision, part->revision);
    found.entries.insert(found.entries.end(), part->entries.begin(), part->entries.end());
  }
  std::sort(found.entries.begin(), found.entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  if (!was_applied(txn, found)) co_return done;
  co_return TxnResult{.succeeded = true, .revision = found.revision, .read = {}};
}

awaitable<Result<bool>> keep_leader_off(Store* store, std::string host_member) {
  const auto status = co_await store->status();
  if (!status) co_return tl::unexpected(status.error());
  const auto* leader = status->leader();
  if (leader == nullptr || leader->name != host_member) co_return false;
  Error last{Errc::unavailable, "etcd has no other member to lead"};
  for (const auto& member : status->members) {
    if (member.id == status->leader_id || member.name.empty()) continue;
    const auto moved = co_await store->move_leader(member.id);
    if (moved) co_return true;
    last = moved.error();
  }
  co_return tl::unexpected(last);
}

}  // namespace holdfast::dcs
