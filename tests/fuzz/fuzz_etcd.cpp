#include <cstdint>
#include <string>

#include "dcs/cluster.hpp"
#include "dcs/etcd/codec.hpp"

// Answers of an etcd gateway, and values that anybody may have put under our prefix.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::dcs;
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  (void)etcd::parse_watch(bytes);
  (void)etcd::classify(500, bytes);
  (void)etcd::prefix_of(bytes);
  if (const auto body = etcd::parse_body(bytes)) {
    (void)etcd::parse_range(*body);
    (void)etcd::parse_txn(*body);
    (void)etcd::parse_members(*body);
  }
  const Keys keys{"service", "fuzz"};
  Snapshot snapshot{.revision = 1, .entries = {}};
  for (const char* key :
       {"config", "failover", "failsafe", "history", "initialize", "leader", "members/a", "status", "sync"}) {
    snapshot.entries.push_back({.key = keys.prefix() + key, .value = bytes, .lease = {}});
  }
  const auto cluster = parse_cluster(keys, snapshot);
  for (const auto& member : cluster.members) (void)print_member(member);
  if (cluster.config) (void)print_json(cluster.config->value);
  return 0;
}
