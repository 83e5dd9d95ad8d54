#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ha/action.hpp"
#include "sim/core/host.hpp"
#include "sim/postgres/data_directory.hpp"

namespace holdfast::sim {

class World;
class Node;

using Done = std::function<void(bool ok, std::string problem)>;
enum class CommitAnswer { committed, cancelled_wait, failed };
using Committed = std::function<void(CommitAnswer)>;

// One walsender: what the primary (or a cascading standby) knows of a receiver.
struct Sender {
  int connection = 0;
  std::size_t sent = 0;
  std::size_t acked = 0;  // flushed by the receiver, as it told
  bool in_flight = false;
  SimTime last_heard{};
  std::optional<BootInstant> stalled_since;
};

// A PostgreSQL server: synchronous_standby_names (so many of the list), streaming, promotion, crash recovery.
// Commands come from the agent; the log is replicated by itself.
class Postgres {
 public:
  Postgres(World& world, Node& node) : world_{world}, node_{node} {}

  // Commands; `done` is called when the command has ended, whoever still listens.
  void initdb(Done done);
  void start(bool as_standby, std::optional<int> upstream, Done done);
  void stop(ha::StopMode mode, Done done);
  void promote(ha::SynchronousNames names, Timeline timeline, Done done);
  void checkpoint(Done done);
  bool set_names(ha::SynchronousNames names);
  void follow(std::optional<int> upstream);

  // What happens to it.
  void
  kill_everything();  // SIGKILL to the postmaster and every backend; also what is left after a host's crash
  void kill_postmaster();  // backends notice a moment later
  void on_process_resumed();
  void cancel_waits();  // pg_cancel_backend on every backend that waits for a standby

  // What clients do.
  void write(WriteId id, Committed answer);

  // Replication; called by the network.
  void tick();
  void kick(int standby);
  void on_wal(int connection, std::size_t from, std::vector<Record> records,
              std::vector<TimelineSwitch> ancestors, Timeline timeline);
  void on_acked(int standby, int connection, std::size_t flushed);
  void drop_sender(int standby, int connection);
  void drop_receiver(int connection);

  // State, for observers.
  enum class State { stopped, starting, running, stopping };
  State state() const { return state_; }
  bool is_up() const { return state_ != State::stopped; }
  bool lingers() const { return lingers_; }
  bool in_recovery() const { return in_recovery_; }
  bool runs_as_primary() const { return (is_up() || lingers_) && !in_recovery_; }
  bool accepts_standbys() const;
  bool accepts_writes() const;
  bool is_receiving() const { return receiver_ != 0; }
  std::optional<int> upstream() const { return upstream_; }
  const ha::SynchronousNames& names() const { return names_; }
  const std::map<int, Sender>& senders() const { return senders_; }
  bool is_confirmed(int standby) const;
  // Could a commit be acknowledged now, if a client sent one?
  bool can_acknowledge() const;

 private:
  friend class World;
  void append(WriteId id);
  void flush_soon();
  void on_flushed();
  void answer_commits();
  bool is_satisfied(std::size_t index) const;
  bool enough(const std::function<bool(int standby)>& counts) const;
  void fail_commits();
  void try_connect();
  void end_streams();
  // A part of a command: runs when the process does; when that dies first, `done` is told `outcome`.
  struct Lost {
    bool ok = false;
    std::string problem;
  };
  void run_part(int life, Task part, Lost outcome, Done done);
  void watch_for_end(int life, std::shared_ptr<bool> ran, Lost outcome, Done done);
  void finish_start(bool as_standby, const Done& done);
  void finish_promotion(Timeline timeline, const Done& done);
  void wait_for_standbys(SimTime limit, Done done);
  void end_cleanly(const Done& done);
  void take_checkpoint();

  struct Commit {
    std::size_t index;
    Committed answer;
  };

  World& world_;
  Node& node_;
  State state_ = State::stopped;
  bool in_recovery_ = true;
  bool lingers_ = false;
  bool flush_due_ = false;
  ha::SynchronousNames names_;
  std::size_t active_since_ = 0;  // where the log ended when the names became active (EC-52)
  std::vector<Commit> waiting_;
  std::map<int, Sender> senders_;
  std::optional<int> upstream_;
  int receiver_ = 0;  // the connection to the upstream; 0: none
  int receives_from_ = -1;
  SimTime receiver_heard_{};
  SimTime next_connect_{};
};

}  // namespace holdfast::sim
