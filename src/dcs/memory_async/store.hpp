#pragma once

#include <memory>

#include "dcs/memory/kv.hpp"
#include "dcs/store.hpp"

namespace holdfast::dcs {

// A Store over Kv on the real clock, inside one process: for tests of what stands on a Store. `fail_with`
// makes the store unreachable (reads, writes and running watches) until it is cleared.
class MemoryStore : public Store {
 public:
  explicit MemoryStore(const asio::any_io_executor& executor, Kv kv = {});
  ~MemoryStore() override;

  Kv& kv();        // change it freely, then call changed()
  void changed();  // wakes watches
  void fail_with(std::optional<Errc> failure);

  awaitable<Result<Snapshot>> range(std::string prefix) override;
  awaitable<Result<TxnResult>> txn(Txn txn) override;
  awaitable<Result<LeaseId>> grant(seconds ttl) override;
  awaitable<Result<seconds>> keepalive(LeaseId lease) override;
  awaitable<Result<void>> revoke(LeaseId lease) override;
  awaitable<Result<std::unique_ptr<Watch>>> watch(std::string prefix, Revision from) override;
  awaitable<Result<StoreStatus>> status() override;
  awaitable<Result<void>> move_leader(std::uint64_t member_id) override;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::dcs
