#include "dcs/etcd/store.hpp"

#include "dcs/etcd/gateway.hpp"
#include "dcs/etcd/watch.hpp"

namespace holdfast::dcs {

namespace json = boost::json;
using etcd::Gateway;
using etcd::Repeat;

struct EtcdStore::State {
  std::shared_ptr<Gateway> gateway;
};

namespace {

json::object with_id(const char* name, std::uint64_t id) {
  return {{name, std::to_string(id)}};
}
json::object with_lease(LeaseId lease) {
  return {{"ID", std::to_string(lease.value)}};
}

StoreStatus status_from(const json::object& answer) {
  const auto header = etcd::parse_header(answer);
  StoreStatus status;
  status.cluster_id = header.cluster_id;
  status.raft_term = header.raft_term;
  status.answered_by = header.member_id;
  status.leader_id = etcd::id_at(answer, "leader");
  status.version = etcd::text_at(answer, "version");
  status.db_bytes = etcd::integer_at(answer, "dbSize");
  status.db_bytes_in_use = etcd::integer_at(answer, "dbSizeInUse");
  return status;
}

}  // namespace

EtcdStore::EtcdStore(const asio::any_io_executor& executor, EtcdOptions options)
    : state_{std::make_shared<State>(State{std::make_shared<Gateway>(executor, std::move(options))})} {}
EtcdStore::~EtcdStore() = default;

awaitable<Result<Snapshot>> EtcdStore::range(std::string prefix) {
  const auto gateway = state_->gateway;
  auto body = etcd::print_range({std::move(prefix), true});
  auto answer = co_await gateway->call("/kv/range", std::move(body), Repeat::yes);
  if (!answer) co_return tl::unexpected(answer.error());
  co_await gateway->learn_if_due();
  co_return etcd::parse_range(*answer);
}

awaitable<Result<TxnResult>> EtcdStore::txn(Txn txn) {
  auto body = etcd::print_txn(txn);
  auto answer = co_await state_->gateway->call("/kv/txn", std::move(body), Repeat::no);
  if (!answer) co_return tl::unexpected(answer.error());
  co_return etcd::parse_txn(*answer);
}

awaitable<Result<LeaseId>> EtcdStore::grant(seconds ttl) {
  json::object body{{"TTL", std::to_string(ttl.count())}};
  // A grant done twice leaves a lease that nobody keeps alive: it ends by itself.
  auto answer = co_await state_->gateway->call("/lease/grant", std::move(body), Repeat::yes);
  if (!answer) co_return tl::unexpected(answer.error());
  const LeaseId lease{etcd::integer_at(*answer, "ID")};
  if (!lease) co_return fail(Errc::bad_message, "etcd granted a lease without an ID");
  co_return lease;
}

awaitable<Result<seconds>> EtcdStore::keepalive(LeaseId lease) {
  auto body = with_lease(lease);
  auto answer = co_await state_->gateway->call("/lease/keepalive", std::move(body), Repeat::yes);
  if (!answer) co_return tl::unexpected(answer.error());
  const seconds left{etcd::integer_at(*answer, "TTL")};
  if (left <= 0s) co_return fail(Errc::lease_lost, "etcd no longer knows the lease");
  co_return left;
}

awaitable<Result<void>> EtcdStore::revoke(LeaseId lease) {
  auto body = with_lease(lease);
  auto answer = co_await state_->gateway->call("/lease/revoke", std::move(body), Repeat::yes);
  if (!answer && answer.error().code != Errc::lease_lost) co_return tl::unexpected(answer.error());
  co_return Result<void>{};
}

awaitable<Result<std::unique_ptr<Watch>>> EtcdStore::watch(std::string prefix, Revision from) {
  const auto gateway = state_->gateway;
  auto body = etcd::print_watch(prefix, from);
  auto opened = co_await gateway->open("/watch", std::move(body));
  if (!opened) co_return tl::unexpected(opened.error());
  co_return std::make_unique<etcd::GatewayWatch>(gateway, *std::move(opened), std::move(prefix), from);
}

awaitable<Result<std::vector<StoreMember>>> EtcdStore::members() {
  auto answer = co_await state_->gateway->call("/cluster/member/list", {}, Repeat::yes);
  if (!answer) co_return tl::unexpected(answer.error());
  co_return etcd::parse_members(*answer);
}

awaitable<Result<StoreStatus>> EtcdStore::status() {
  auto answer = co_await state_->gateway->call("/maintenance/status", {}, Repeat::yes);
  if (!answer) co_return tl::unexpected(answer.error());
  auto found = co_await members();
  if (!found) co_return tl::unexpected(found.error());
  auto status = status_from(*answer);
  status.members = *std::move(found);
  co_return status;
}

awaitable<Result<StoreStatus>> EtcdStore::status_of(http::Url endpoint) {
  const auto limit = state_->gateway->options().try_timeout;
  auto answer = co_await state_->gateway->call_at(std::move(endpoint), "/maintenance/status", {}, limit);
  if (!answer) co_return tl::unexpected(answer.error());
  co_return status_from(*answer);
}

awaitable<Result<void>> EtcdStore::move_leader(std::uint64_t member_id) {
  // Only the leader does it; the others answer "not leader" and the next one is asked.
  auto body = with_id("targetID", member_id);
  auto answer =
      co_await state_->gateway->call("/maintenance/transfer-leadership", std::move(body), Repeat::yes);
  if (!answer) co_return tl::unexpected(answer.error());
  co_return Result<void>{};
}

awaitable<Result<std::uint64_t>> EtcdStore::add_member(std::vector<std::string> peer_urls) {
  json::object body{{"peerURLs", json::array(peer_urls.begin(), peer_urls.end())}};
  auto answer = co_await state_->gateway->call("/cluster/member/add", std::move(body), Repeat::no);
  if (!answer) co_return tl::unexpected(answer.error());
  const auto* added = answer->if_contains("member");
  if (added == nullptr || !added->is_object())
    co_return fail(Errc::bad_message, "etcd added a member without telling it");
  co_return etcd::id_at(added->get_object(), "ID");
}

awaitable<Result<void>> EtcdStore::remove_member(std::uint64_t id) {
  auto body = with_id("ID", id);
  auto answer = co_await state_->gateway->call("/cluster/member/remove", std::move(body), Repeat::yes);
  if (!answer && answer.error().code != Errc::not_found) co_return tl::unexpected(answer.error());
  co_return Result<void>{};
}

awaitable<Result<void>> EtcdStore::compact(Revision up_to) {
  json::object body{{"revision", std::to_string(up_to)}, {"physical", true}};
  auto answer = co_await state_->gateway->call("/kv/compaction", std::move(body), Repeat::yes);
  if (!answer && answer.error().code != Errc::compacted) co_return tl::unexpected(answer.error());
  co_return Result<void>{};
}

awaitable<Result<void>> EtcdStore::defragment(http::Url endpoint) {
  constexpr auto limit = 60s;  // it rewrites the whole database file
  auto answer = co_await state_->gateway->call_at(std::move(endpoint), "/maintenance/defragment", {}, limit);
  if (!answer) co_return tl::unexpected(answer.error());
  co_return Result<void>{};
}

std::vector<http::Url> EtcdStore::endpoints() const {
  return state_->gateway->endpoints();
}
void EtcdStore::set_endpoints(std::vector<http::Url> endpoints) {
  state_->gateway->configure(std::move(endpoints));
}

}  // namespace holdfast::dcs
