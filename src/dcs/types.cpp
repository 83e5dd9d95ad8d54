#include "dcs/types.hpp"

#include <algorithm>

namespace holdfast::dcs {
namespace {

auto place_of(std::vector<KeyValue>& entries, const std::string& key) {
  return std::lower_bound(
      entries.begin(), entries.end(), key,
      [](const KeyValue& entry, const std::string& wanted) { return entry.key < wanted; });
}

}  // namespace

const KeyValue* Snapshot::find(const std::string& key) const {
  const auto place = place_of(const_cast<std::vector<KeyValue>&>(entries), key);
  return place != entries.end() && place->key == key ? &*place : nullptr;
}

void apply(const WatchBatch& batch, Snapshot& snapshot) {
  for (const auto& event : batch.events) {
    if (event.entry.mod_revision <= snapshot.revision) continue;
    const auto place = place_of(snapshot.entries, event.entry.key);
    const bool is_known = place != snapshot.entries.end() && place->key == event.entry.key;
    if (event.kind == WatchEvent::Kind::removed) {
      if (is_known) snapshot.entries.erase(place);
    } else if (is_known) {
      *place = event.entry;
    } else {
      snapshot.entries.insert(place, event.entry);
    }
  }
  snapshot.revision = std::max(snapshot.revision, batch.revision);
}

const StoreMember* StoreStatus::leader() const {
  for (const auto& member : members) {
    if (member.id == leader_id) return &member;
  }
  return nullptr;
}

}  // namespace holdfast::dcs
