#pragma once

#include <memory>
#include <string>

#include "async/asio.hpp"
#include "dcs/types.hpp"

namespace holdfast::dcs {

// A prefix watch. Owned by one coroutine; destroying it ends it.
class Watch {
 public:
  virtual ~Watch() = default;
  // The next batch. An empty one is a sign of life: everything up to its revision was delivered. It never
  // hangs silently: a stream without any sign of life for the idle bound is an error (EC-10).
  // Errc::compacted: list again. Anything else: the stream is dead; watch again from the last revision + 1.
  virtual awaitable<Result<WatchBatch>> next() = 0;
};

// The consensus store. Every call has a deadline of its own (retrying other endpoints inside it) and reports:
//   timed_out, unavailable   the outcome of a write is unknown: resolve it by reading (etcd/settle.hpp)
//   refused                  authentication or permission
//   stale                    every member that answered is behind what we have already seen (EC-8, EC-9);
//   unknown outcome too
class Store {
 public:
  virtual ~Store() = default;

  virtual awaitable<Result<Snapshot>> range(std::string prefix) = 0;  // linearizable
  virtual awaitable<Result<TxnResult>> txn(Txn txn) = 0;  // a failed compare is a success: see `succeeded`
  virtual awaitable<Result<LeaseId>> grant(seconds ttl) = 0;
  virtual awaitable<Result<seconds>> keepalive(
      LeaseId lease) = 0;  // the ttl left; Errc::lease_lost when it is gone
  virtual awaitable<Result<void>> revoke(LeaseId lease) = 0;  // a lease already gone is a success
  virtual awaitable<Result<std::unique_ptr<Watch>>> watch(std::string prefix,
                                                          Revision from) = 0;  // `from` included
  virtual awaitable<Result<StoreStatus>> status() = 0;
  virtual awaitable<Result<void>> move_leader(std::uint64_t member_id) = 0;
};

}  // namespace holdfast::dcs
