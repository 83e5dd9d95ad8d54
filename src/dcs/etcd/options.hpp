#pragma once

#include "config/sections/etcd.hpp"
#include "dcs/etcd/store.hpp"

namespace holdfast::dcs {

// What `etcd3:` says, as options of the store. `srv` records are not looked up here.
EtcdOptions options_of(const config::EtcdConfig& config);

}  // namespace holdfast::dcs
