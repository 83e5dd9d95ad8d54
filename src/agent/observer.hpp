#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "ha/view.hpp"
#include "postgres/control.hpp"

namespace holdfast::agent {

// Watches our own PostgreSQL and says what the HA core may know of it: the postmaster's end by pidfd within
// milliseconds, its state by a statement every few heartbeats, its health by probes on fresh connections
// (EC-110).
class Observer {
 public:
  // `lock_is_free_at` tells the revision of the DCS at which the leader lock is known to be free; 0: it is
  // not.
  Observer(const asio::any_io_executor& executor, postgres::Control* control,
           std::function<std::int64_t()> lock_is_free_at, std::function<void()> on_change);

  // Looks once before it returns, so that the first decision is about something; then goes on in the
  // background.
  awaitable<void> start(milliseconds interval);
  awaitable<void> stop();

  // What jobs tell, so that an end that we caused is not taken for a crash.
  void expect_end(bool expected) { end_is_expected_ = expected; }
  void on_killed();
  // While a job works in the data directory with servers of its own (initdb's, pg_rewind's recovery): they
  // are not ours.
  void look_away(bool away) { looks_away_ = away; }
  void note_upstream(std::string member) { upstream_ = std::move(member); }
  // By what a standby's connection is told from others of its name, which anybody may use (EC-61).
  struct Origins {
    bool have_slots = true;                    // every member streams through the slot of its name
    std::map<std::string, std::string> hosts;  // of the members, as they are connected to
  };
  void set_origins(Origins origins) { origins_ = std::move(origins); }
  awaitable<void> look();  // now, out of turn: after a job
  void look_soon() { wake_.notify(); }

  ha::Server server(const std::vector<std::string>& members) const;
  const std::optional<postgres::Status>& status() const { return status_; }
  const postgres::Inspection& inspection() const { return inspection_; }
  const std::optional<postgres::ControlData>& control_data() const { return control_data_; }
  std::int64_t settled_at() const { return settled_at_; }  // ha::Peer::settled_at, of this server
  bool is_running() const { return running_.has_value(); }
  bool accepts_connections() const { return running_ && status_; }

 private:
  struct Stall {
    Lsn target;
    BootInstant since;
  };
  awaitable<void> poll(milliseconds interval);
  awaitable<void> probe();
  awaitable<void> wait_for_end(postgres::Postmaster postmaster);
  awaitable<void> read_stopped();
  void take_status(postgres::Status status, std::int64_t lock_was_free_at);
  void note_synchronous_names(const postgres::Status& status);
  std::size_t confirmed_standbys() const;
  void note_stalls();
  void learn_history(Timeline timeline);
  void note_refusal(const std::string& refusal);
  ha::ServerState state() const;
  bool is_from(const postgres::ReplicationRow& row, const std::string& member) const;
  bool is_standby() const;
  ha::Standby standby_of(const postgres::ReplicationRow& row, const std::string& member) const;
  void describe_stopped(ha::Server& server) const;
  void describe_running(ha::Server& server, const std::vector<std::string>& members) const;

  postgres::Control* control_;
  std::function<std::int64_t()> lock_is_free_at_;
  std::function<void()> on_change_;
  async::Event wake_;
  async::TaskGroup tasks_;
  postgres::Inspection inspection_;
  std::optional<std::string> inspection_problem_;
  std::optional<postgres::ControlData> control_data_;
  std::optional<postgres::Postmaster> running_;
  std::optional<postgres::Status> status_;
  std::optional<TimelineHistory> history_;
  Timeline newest_history_ = 0;
  std::map<std::string, Stall> stalls_;
  std::int64_t settled_at_ = 0;
  std::optional<BootInstant> names_seen_at_;  // synchronous_standby_names as they are, of a primary
  std::optional<Lsn> names_active_from_;      // from there on they hold for every commit (EC-52)
  Origins origins_;
  std::string upstream_;
  std::string probe_text_;
  std::string refusal_;  // why the last look got no status
  bool responsive_ = true;
  bool crashed_ = false;
  bool end_is_expected_ = false;
  bool looking_ = false;
  bool looks_away_ = false;
};

}  // namespace holdfast::agent
