#pragma once

#include "config/sections/etcd.hpp"
#include "dcs/etcd/store.hpp"

namespace holdfast::dcs {

// What `etcd3:` says, as options of the store.
EtcdOptions options_of(const config::EtcdConfig& config);

}  // namespace holdfast::dcs
