#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "async/task_group.hpp"
#include "drill/connection.hpp"
#include "drill/consistency.hpp"

namespace holdfast::drill {

struct WorkloadOptions {
  std::vector<Address> write_to;
  Login login;
  std::string table;  // its own are TABLE_registers and TABLE_lists
  int register_clients = 0;
  int list_clients = 0;
  milliseconds deadline = 1s;  // of a statement
  milliseconds retry_pause = 50ms;
  milliseconds pace = 100ms;  // slow: the gaps are measured by others, and shall not be disturbed

  bool is_wanted() const { return register_clients + list_clients > 0; }
};

// Few and slow clients whose every operation is remembered, to be judged afterwards: some write, read, and
// compare and set registers, others append to lists and read them whole; all where writes go. It lives on one
// executor; stop its tasks (the group given to start) before it goes.
class Workload {
 public:
  explicit Workload(WorkloadOptions options) : options_{std::move(options)} {}

  std::string schema() const;  // statements that make its tables, anew
  std::string cleanup() const;
  void start(async::TaskGroup& tasks);
  // Reads everything once more, retrying until `limit`, and judges.
  awaitable<Result<Judgement>> judge(nanoseconds limit);

  const History& history() const { return history_; }

 private:
  struct Client;
  awaitable<void> run_client(int number, bool is_on_list);
  awaitable<bool> connect(Client& client);
  awaitable<void> perform(Client& client, Operation operation);
  awaitable<Result<void>> read_all(bool lists, nanoseconds limit);
  Operation choose_on_register(Client& client);
  Operation choose_on_list(Client& client);
  std::string statement(const Operation& operation) const;
  std::string registers() const { return options_.table + "_registers"; }
  std::string lists() const { return options_.table + "_lists"; }

  WorkloadOptions options_;
  History history_;
  std::int64_t next_value_ = 1;
  std::int64_t appended_ = 0;
};

// How an operation ended when its statement failed.
Outcome outcome_of(const Verdict& verdict, Act act);

}  // namespace holdfast::drill
