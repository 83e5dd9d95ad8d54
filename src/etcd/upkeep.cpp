#include "etcd/upkeep.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace holdfast::etcd {
namespace {

awaitable<Result<void>> defragment_one(dcs::EtcdStore* store, std::string name, std::string client_url) {
  const auto url = http::parse_url(client_url);
  if (!url) co_return tl::unexpected(url.error());
  const auto before = co_await store->status_of(*url);
  if (!before) co_return fail("defragmenting etcd member " + name, before.error());
  if (!is_fragmented(*before)) co_return Result<void>{};
  const auto done = co_await store->defragment(*url);
  if (!done) co_return fail("defragmenting etcd member " + name, done.error());
  const auto after = co_await store->status_of(*url);
  if (!after) co_return fail("etcd member " + name + " after its defragmentation", after.error());
  log::info("etcd member defragmented",
            {{"member", name}, {"bytes_before", before->db_bytes}, {"bytes_after", after->db_bytes}});
  co_return Result<void>{};
}

}  // namespace

bool is_fragmented(const dcs::StoreStatus& status) {
  constexpr std::int64_t worth_bytes = 16 * 1024 * 1024;
  return status.db_bytes > worth_bytes && status.db_bytes > 2 * status.db_bytes_in_use;
}

awaitable<Result<void>> defragment_in_turn(dcs::EtcdStore* store, std::string own_name) {
  const auto status = co_await store->status();
  if (!status) co_return tl::unexpected(status.error());
  const auto* leader = status->leader();
  if (leader == nullptr || leader->name != own_name) co_return Result<void>{};
  auto members = status->members;
  std::partition(members.begin(), members.end(), [&](const auto& member) { return member.id != leader->id; });
  for (const auto& member : members) {
    if (member.client_urls.empty()) continue;
    const auto done = co_await defragment_one(store, member.name, member.client_urls.front());
    if (!done) co_return done;  // one is in trouble: leave the others alone
  }
  co_return Result<void>{};
}

}  // namespace holdfast::etcd
