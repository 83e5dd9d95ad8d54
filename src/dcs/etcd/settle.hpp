#pragma once

#include "dcs/store.hpp"

namespace holdfast::dcs {

// EC-11. Runs `txn`; when its reply was lost, reads what it would have written and decides whether it was
// ours. `succeeded` then means "our writes are in place". The original error comes back when that can't be
// told either, and when they are not in place: a request still on its way may yet be applied.
awaitable<Result<TxnResult>> settle(Store* store, Txn txn);

// etcd's leader is kept off the primary's host: when the member named `host_member` leads and another one
// can, moves leadership there. true: moved. Errc::unavailable: there is no other member to move it to.
awaitable<Result<bool>> keep_leader_off(Store* store, std::string host_member);

}  // namespace holdfast::dcs
