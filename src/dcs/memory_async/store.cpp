#include "dcs/memory_async/store.hpp"

#include <list>

#include "async/event.hpp"

namespace holdfast::dcs {

struct MemoryStore::State {
  explicit State(const asio::any_io_executor& given, Kv start) : executor{given}, kv{std::move(start)} {}

  asio::any_io_executor executor;
  Kv kv;
  std::optional<Errc> failure;
  std::list<async::Event*> watches;

  void changed() {
    for (auto* watch : watches) watch->notify();
  }
  Result<void> enter() {
    if (failure) return fail(*failure, "the in-memory store is set to fail");
    const auto before = kv.revision();
    kv.expire(BootClock::now());
    if (kv.revision() != before) changed();
    return {};
  }
};

namespace {

template <class S>
class MemoryWatch : public Watch {
 public:
  MemoryWatch(std::shared_ptr<S> state, std::string prefix, Revision from)
      : state_{std::move(state)}, changed_{state_->executor}, prefix_{std::move(prefix)}, from_{from} {
    place_ = state_->watches.insert(state_->watches.end(), &changed_);
  }
  ~MemoryWatch() override { state_->watches.erase(place_); }

  awaitable<Result<WatchBatch>> next() override {
    for (;;) {
      const auto entered = state_->enter();
      if (!entered) co_return tl::unexpected(entered.error());
      if (from_ > state_->kv.revision() + 1)
        co_return fail(Errc::compacted, "the store's revision went back");
      auto batch = state_->kv.events_since(prefix_, from_);
      if (!batch) co_return tl::unexpected(batch.error());
      from_ = batch->revision + 1;
      if (!batch->events.empty()) co_return batch;
      co_await changed_.wait_until(wake_at());
    }
  }

 private:
  BootInstant wake_at() const {
    const auto expiry = state_->kv.next_expiry();
    return expiry ? *expiry : BootInstant::max();
  }

  std::shared_ptr<S> state_;
  async::Event changed_;
  std::string prefix_;
  Revision from_;
  std::list<async::Event*>::iterator place_;
};

}  // namespace

MemoryStore::MemoryStore(const asio::any_io_executor& executor, Kv kv)
    : state_{std::make_shared<State>(executor, std::move(kv))} {}
MemoryStore::~MemoryStore() = default;

Kv& MemoryStore::kv() {
  return state_->kv;
}
void MemoryStore::changed() {
  state_->changed();
}
void MemoryStore::fail_with(std::optional<Errc> failure) {
  state_->failure = failure;
  state_->changed();
}

awaitable<Result<Snapshot>> MemoryStore::range(std::string prefix) {
  const auto entered = state_->enter();
  if (!entered) co_return tl::unexpected(entered.error());
  co_return state_->kv.range(prefix);
}

awaitable<Result<TxnResult>> MemoryStore::txn(Txn txn) {
  const auto entered = state_->enter();
  if (!entered) co_return tl::unexpected(entered.error());
  auto result = state_->kv.apply(txn, BootClock::now());
  state_->changed();
  co_return result;
}

awaitable<Result<LeaseId>> MemoryStore::grant(seconds ttl) {
  const auto entered = state_->enter();
  if (!entered) co_return tl::unexpected(entered.error());
  const auto lease = state_->kv.grant(ttl, BootClock::now());
  state_->changed();  // watches must know the new expiry
  co_return lease;
}

awaitable<Result<seconds>> MemoryStore::keepalive(LeaseId lease) {
  const auto entered = state_->enter();
  if (!entered) co_return tl::unexpected(entered.error());
  const auto left = state_->kv.keepalive(lease, BootClock::now());
  if (!left) co_return tl::unexpected(left.error());
  co_return std::chrono::duration_cast<seconds>(*left);
}

awaitable<Result<void>> MemoryStore::revoke(LeaseId lease) {
  const auto entered = state_->enter();
  if (!entered) co_return tl::unexpected(entered.error());
  const auto revoked = state_->kv.revoke(lease);
  state_->changed();
  if (!revoked && revoked.error().code != Errc::lease_lost) co_return tl::unexpected(revoked.error());
  co_return Result<void>{};
}

awaitable<Result<std::unique_ptr<Watch>>> MemoryStore::watch(std::string prefix, Revision from) {
  const auto entered = state_->enter();
  if (!entered) co_return tl::unexpected(entered.error());
  const Revision start = from > 0 ? from : state_->kv.revision() + 1;
  co_return std::make_unique<MemoryWatch<State>>(state_, std::move(prefix), start);
}

awaitable<Result<StoreStatus>> MemoryStore::status() {
  const auto entered = state_->enter();
  if (!entered) co_return tl::unexpected(entered.error());
  StoreStatus status;
  status.cluster_id = state_->kv.cluster_id();
  status.raft_term = state_->kv.raft_term();
  status.leader_id = 1;
  status.answered_by = 1;
  status.version = "memory";
  status.members.push_back({.id = 1, .name = "memory", .peer_urls = {}, .client_urls = {}});
  co_return status;
}

awaitable<Result<void>> MemoryStore::move_leader(std::uint64_t) {
  co_return fail(Errc::unsupported, "the in-memory store has one member");
}

}  // namespace holdfast::dcs
