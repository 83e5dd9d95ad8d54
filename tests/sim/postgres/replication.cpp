#include <algorithm>

#include "sim/core/world.hpp"
#include "sim/postgres/postgres.hpp"

// Streaming between servers: connections, batches of records, acknowledgements, and how each side finds out
// that the other one is gone.
namespace holdfast::sim {
namespace {

constexpr SimTime stream_timeout = 3s;    // wal_receiver_timeout, wal_sender_timeout
constexpr SimTime retry_connect = 300ms;  // wal_retrieve_retry_interval
constexpr SimTime resend_after = 400ms;   // TCP, when a segment was lost

}  // namespace

// Called often by the world, and when something changed.
void Postgres::tick() {
  if (!node_.postgres_process.is_running()) return;
  const auto now = world_.now();
  std::vector<std::pair<int, int>> gone;
  for (auto& [standby, sender] : senders_) {
    const auto& other = world_.node(standby);
    if (world_.network.passes(other.host.index, node_.host.index) && other.postgres_process.is_running() &&
        other.postgres.receiver_ == sender.connection) {
      sender.last_heard = now;
    }
    if (now - sender.last_heard > stream_timeout) gone.emplace_back(standby, sender.connection);
  }
  for (const auto& [standby, connection] : gone) drop_sender(standby, connection);
  if (receiver_ != 0) {
    const auto& source = world_.node(receives_from_);
    const auto& senders = source.postgres.senders_;
    const auto sender = senders.find(node_.host.index);
    if (world_.network.passes(source.host.index, node_.host.index) && source.postgres_process.is_running() &&
        sender != senders.end() && sender->second.connection == receiver_) {
      receiver_heard_ = now;
    }
    if (now - receiver_heard_ > stream_timeout) drop_receiver(receiver_);
  }
  if (receiver_ == 0) try_connect();
}

void Postgres::try_connect() {
  if (state_ != State::running || !in_recovery_ || !upstream_ || *upstream_ == node_.host.index) return;
  if (world_.now() < next_connect_) return;
  next_connect_ = world_.now() + retry_connect;
  auto& source = world_.node(*upstream_);
  if (!world_.network.passes_both_ways(source.host.index, node_.host.index) ||
      !source.postgres.accepts_standbys())
    return;
  if (may_stream(node_.data, source.data) != StreamStart::ok) return;
  receiver_ = world_.next_connection();
  receives_from_ = *upstream_;
  receiver_heard_ = world_.now();
  Sender sender;
  sender.connection = receiver_;
  sender.sent = sender.acked = node_.data.flushed;
  sender.last_heard = world_.now();
  source.postgres.senders_[node_.host.index] = sender;
  world_.trace.say(world_.now(), node_.host.name, "streams from {} at {}", source.host.name,
                   lsn_of(node_.data.wal.size()));
  source.postgres.kick(node_.host.index);
  world_.wake_agent(source);
  world_.wake_agent(node_);
}

// Sends what the standby does not have yet, one batch at a time.
void Postgres::kick(int standby) {
  const auto found = senders_.find(standby);
  if (found == senders_.end() || found->second.in_flight || !node_.postgres_process.is_running()) return;
  auto& sender = found->second;
  auto& data = node_.data;
  if (sender.sent >= data.flushed) return;
  sender.in_flight = true;
  const auto from = sender.acked;
  std::vector<Record> batch(data.wal.begin() + static_cast<std::ptrdiff_t>(from),
                            data.wal.begin() + static_cast<std::ptrdiff_t>(data.flushed));
  sender.sent = data.flushed;
  const int connection = sender.connection;
  auto& target = world_.node(standby);
  world_.network.send(node_.host.index, target.host.index,
                      [&target, connection, from, batch = std::move(batch), ancestors = data.ancestors,
                       timeline = data.timeline]() mutable {
                        target.postgres.on_wal(connection, from, std::move(batch), std::move(ancestors),
                                               timeline);
                      });
  const int life = node_.postgres_process.life();
  world_.queue.after(resend_after, [this, life, standby, connection, from] {
    const auto again = senders_.find(standby);
    if (life != node_.postgres_process.life() || again == senders_.end()) return;
    if (again->second.connection != connection || !again->second.in_flight || again->second.acked > from)
      return;
    again->second.in_flight = false;
    again->second.sent = again->second.acked;
    kick(standby);
  });
}

void Postgres::on_wal(int connection, std::size_t from, std::vector<Record> records,
                      std::vector<TimelineSwitch> ancestors, Timeline timeline) {
  const int life = node_.postgres_process.life();
  node_.postgres_process.step(life, [this, connection, from, records = std::move(records),
                                     ancestors = std::move(ancestors), timeline]() mutable {
    if (receiver_ != connection) return;
    auto& data = node_.data;
    if (from <= data.wal.size()) {
      const auto known = data.wal.size() - from;
      if (known < records.size()) {
        data.wal.insert(data.wal.end(), records.begin() + static_cast<std::ptrdiff_t>(known), records.end());
      }
      data.flushed = data.wal.size();
      data.timeline = timeline;
      data.ancestors = std::move(ancestors);
      on_flushed();  // cascading
    }
    auto& source = world_.node(receives_from_);
    world_.queue.after(
        world_.random.between(nanoseconds{100us}, 2ms), [this, &source, connection, has = data.flushed] {
          if (!node_.host.is_up) return;
          world_.network.send(node_.host.index, source.host.index, [this, &source, connection, has] {
            source.postgres.on_acked(node_.host.index, connection, has);
          });
        });
  });
}

void Postgres::on_acked(int standby, int connection, std::size_t flushed) {
  const int life = node_.postgres_process.life();
  node_.postgres_process.step(life, [this, standby, connection, flushed] {
    const auto found = senders_.find(standby);
    if (found == senders_.end() || found->second.connection != connection) return;
    auto& sender = found->second;
    const bool was_confirmed = is_confirmed(standby);
    sender.in_flight = false;
    sender.last_heard = world_.now();
    if (flushed > sender.acked) {
      sender.acked = flushed;
      sender.stalled_since.reset();
      if (sender.acked < node_.data.flushed) sender.stalled_since = node_.host.now(world_.now());
      answer_commits();
      if (!was_confirmed && is_confirmed(standby)) world_.wake_agent(node_);
    }
    sender.sent = std::max(sender.acked, sender.sent);
    if (sender.acked < node_.data.flushed) {
      sender.sent = sender.acked;
      kick(standby);
    }
  });
}

void Postgres::drop_sender(int standby, int connection) {
  const auto found = senders_.find(standby);
  if (found == senders_.end() || found->second.connection != connection) return;
  senders_.erase(found);
  world_.wake_agent(node_);
}

void Postgres::drop_receiver(int connection) {
  if (receiver_ != connection || receiver_ == 0) return;
  receiver_ = 0;
  next_connect_ = world_.now() + retry_connect;
  auto& source = world_.node(receives_from_);
  // Closing a socket tells the other side, if it can be reached; else it has to find out.
  world_.network.send(node_.host.index, source.host.index, [this, &source, connection] {
    source.postgres.drop_sender(node_.host.index, connection);
  });
  world_.wake_agent(node_);
}

// The process ends: the kernel closes its sockets.
void Postgres::end_streams() {
  if (receiver_ != 0) drop_receiver(receiver_);
  for (const auto& [standby, sender] : senders_) {
    auto& target = world_.node(standby);
    world_.network.send(node_.host.index, target.host.index, [&target, connection = sender.connection] {
      target.postgres.drop_receiver(connection);
    });
  }
  senders_.clear();
}

}  // namespace holdfast::sim
