#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task_group.hpp"
#include "drill/connection.hpp"
#include "drill/ledger.hpp"
#include "drill/workload.hpp"

namespace holdfast::drill {

struct ProbeOptions {
  std::vector<Address> write_to;  // addresses of proxies; a client that fails at one goes on at the next
  std::vector<Address> read_from;
  Login login;
  std::string table = "holdfast_drill";
  int writers = 8;
  int readers = 4;
  milliseconds deadline = 1s;       // of one attempt, connecting included
  milliseconds retry_pause = 20ms;  // after a failure
  milliseconds pace = 0ms;          // between two statements of one client; 0: as fast as it goes
  int register_clients = 0;         // besides, and slow: their history is checked (drill/workload)
  int list_clients = 0;
};

struct ProbeResult {
  std::size_t acknowledged = 0;
  std::size_t doubtful = 0;            // outcome unknown
  std::size_t doubtful_found = 0;      // of which are there
  std::vector<std::int64_t> missing;   // acknowledged, but not there: must be empty
  std::optional<Judgement> judgement;  // of the checked clients, if there were any
};

// N writers and readers through the proxies: autocommit INSERTs of unique ids, and one-row SELECTs. It lives
// on one executor; stop its tasks (the group given to start) before it goes.
class Probe {
 public:
  explicit Probe(ProbeOptions options);

  // Makes the table, anew; retries until `limit`.
  awaitable<Result<void>> prepare(nanoseconds limit);
  void start(async::TaskGroup& tasks);
  // Looks for every acknowledged id on the primary, and judges the checked history; retries until `limit`.
  awaitable<Result<ProbeResult>> verify(nanoseconds limit);
  awaitable<Result<void>> drop_table();

  const Ledger& ledger() const { return ledger_; }
  const ProbeOptions& options() const { return options_; }

 private:
  struct Client;
  awaitable<void> run_client(Load load, int number);
  awaitable<Result<void>> attempt(Client& client);
  awaitable<Result<std::vector<Row>>> ask_primary(std::string sql, nanoseconds limit);
  bool is_checked() const { return options_.register_clients + options_.list_clients > 0; }

  ProbeOptions options_;
  Ledger ledger_;
  Workload workload_;
  std::int64_t next_id_ = 1;
};

}  // namespace holdfast::drill
