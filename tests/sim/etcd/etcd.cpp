#include "sim/etcd/etcd.hpp"

#include "dcs/ha_mapping.hpp"

namespace holdfast::sim {

void Etcd::begin() {
  scan();
  send_progress();
}

nanoseconds Etcd::work_time() {
  const auto base = random_.between(nanoseconds{300us}, 3ms);
  return slower.count() > 0 ? base + random_.between(slower / 4, slower) : base;
}

// Where replies get lost, some requests take effect when nobody waits for them any more.
nanoseconds Etcd::late_time() {
  const bool is_late = lost_replies > 0 && random_.chance(0.25);
  return is_late ? random_.between(request_timeout, 3 * request_timeout) : nanoseconds{};
}

nanoseconds Etcd::reply_time() {
  return slower_reply.count() > 0 ? random_.between(slower_reply / 4, slower_reply) : nanoseconds{};
}

SeenPtr Etcd::seen() {
  if (seen_ && seen_->snapshot.revision == kv.revision() && seen_cluster_ == kv.cluster_id()) return seen_;
  auto fresh = std::make_shared<Seen>();
  fresh->store = kv.cluster_id();
  fresh->snapshot = kv.range(keys_.prefix());
  fresh->cluster = dcs::parse_cluster(keys_, fresh->snapshot);
  fresh->ha = dcs::to_ha(fresh->cluster);
  seen_ = std::move(fresh);
  seen_cluster_ = kv.cluster_id();
  return seen_;
}

void Etcd::publish() {
  const SeenPtr before = seen_;
  const SeenPtr present = seen();
  if (before == present) return;
  if (on_change) on_change(*present);
  for (const auto& watcher : watchers_) send(watcher);
}

void Etcd::send(const Watcher& watcher) {
  if (!answers) return;
  const auto late = slower.count() > 0 ? random_.between(slower / 8, slower / 2) : nanoseconds{};
  queue_.after(late, [this, &watcher] {
    if (!answers) return;
    network_.send(host.index, watcher.host, [&watcher, present = seen()] { watcher.on_seen(present); });
  });
}

void Etcd::scan() {
  if (answers) {
    kv.expire(now());
    publish();
  }
  queue_.after(expiry_scan, [this] { scan(); });
}

void Etcd::send_progress() {
  for (const auto& watcher : watchers_) send(watcher);
  queue_.after(progress_interval, [this] { send_progress(); });
}

void Etcd::elect() {
  kv.elect(now());
}

void Etcd::wipe() {
  kv.wipe();
  seen_.reset();
  publish();
}

}  // namespace holdfast::sim
