#pragma once

#include <string>

#include "dcs/etcd/store.hpp"

namespace holdfast::etcd {

// Defragments the members whose file is mostly free space, one after the other and the leader last; each must
// answer again before the next is touched. Done by the leader's host only: elsewhere (`own_name` does not
// lead) nothing happens.
awaitable<Result<void>> defragment_in_turn(dcs::EtcdStore* store, std::string own_name);

// Worth the pause: over 16 MB, and more than half of it free.
bool is_fragmented(const dcs::StoreStatus& status);

}  // namespace holdfast::etcd
