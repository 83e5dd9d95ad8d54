#include "cli/supervisor.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>

#include "async/backoff.hpp"
#include "async/child_process.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"

namespace holdfast::cli {
namespace {

// A role that ran for so long did not fail at its start.
constexpr milliseconds settled_after = 10s;

struct Role {
  Role(const asio::any_io_executor& executor, RolePlan how)
      : plan{std::move(how)}, wake{executor}, ended{executor} {}

  RolePlan plan;
  std::optional<async::ChildProcess> child;
  bool is_stopping = false;
  bool has_ended = true;
  async::Event wake;   // don't wait any longer before the next start
  async::Event ended;  // for good
};

// Lines of the roles go on unchanged: each says its role itself.
void pass_on(std::string_view line) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

async::ChildOptions command_of(const RolePlan& plan) {
  return {.argv = plan.argv,
          .runs_itself = true,
          .env = plan.env,
          .on_line = pass_on,
          .user = plan.user,
          .own_session = true};
}

// One life of a role, from start to end. True: it was settled.
awaitable<bool> live_once(Role* role, asio::any_io_executor executor) {
  const auto started_at = BootClock::now();
  auto command = command_of(role->plan);
  auto child = async::ChildProcess::start(executor, std::move(command));
  if (!child) {
    log::error("role can't be started", {{"role", role->plan.name}, {"error", child.error()}});
    co_return false;
  }
  role->child = *std::move(child);
  log::info("role started", {{"role", role->plan.name}, {"pid", role->child->pid()}});
  const auto status = co_await role->child->wait();
  role->child.reset();
  const std::string how = status ? async::to_string(*status) : to_string(status.error());
  if (role->is_stopping) {
    log::info("role stopped", {{"role", role->plan.name}, {"how", how}});
  } else {
    log::warn("role ended by itself, starting it again", {{"role", role->plan.name}, {"how", how}});
  }
  co_return BootClock::now() - started_at > settled_after;
}

awaitable<void> keep_up(Role* role, asio::any_io_executor executor) {
  async::Backoff backoff{200ms, 15s};
  while (!role->is_stopping) {
    const bool was_settled = co_await live_once(role, executor);
    if (was_settled) backoff.reset();
    if (role->is_stopping) break;
    co_await role->wake.wait_until(BootClock::now() + backoff.next());
  }
  role->has_ended = true;
  role->ended.notify();
}

// Waits for the end of one role; past its limit it is killed.
awaitable<void> end(Role* role) {
  const auto deadline = BootClock::now() + role->plan.stop_limit;
  while (!role->has_ended) {
    const bool in_time = co_await role->ended.wait_until(deadline);
    if (!in_time && !role->has_ended) {
      log::error("role does not stop, killing it",
                 {{"role", role->plan.name}, {"limit", role->plan.stop_limit}});
      if (role->child) role->child->kill(SIGKILL);
      while (!role->has_ended) co_await role->ended.wait();
    }
  }
}

std::vector<pid_t> our_children() {
  std::ifstream file{fmt::format("/proc/self/task/{}/children", getpid())};
  std::vector<pid_t> children;
  for (pid_t pid = 0; file >> pid;) children.push_back(pid);
  return children;
}

}  // namespace

struct Supervisor::State {
  State(asio::any_io_executor runs_on, std::vector<RolePlan> plans) : executor{runs_on}, tasks{runs_on} {
    for (auto& plan : plans) roles.push_back(std::make_unique<Role>(executor, std::move(plan)));
  }

  asio::any_io_executor executor;
  std::vector<std::unique_ptr<Role>> roles;
  async::TaskGroup tasks;
};

Supervisor::Supervisor(const asio::any_io_executor& executor, std::vector<RolePlan> plans)
    : state_{std::make_shared<State>(executor, std::move(plans))} {}

Supervisor::~Supervisor() = default;

void Supervisor::start() {
  for (auto& role : state_->roles) {
    role->has_ended = false;
    state_->tasks.spawn("role " + role->plan.name, keep_up(role.get(), state_->executor));
  }
}

void Supervisor::forward(int signal) {
  for (auto& role : state_->roles) {
    if (role->child) role->child->kill(signal);
  }
}

awaitable<void> Supervisor::stop() {
  const auto state = state_;
  for (int turn = 0; turn < stop_turns; ++turn) {
    for (auto& role : state->roles) {
      if (role->plan.stop_turn != turn) continue;
      role->is_stopping = true;
      role->wake.notify();
      if (role->child) role->child->kill(SIGTERM);
    }
    for (auto& role : state->roles) {
      if (role->plan.stop_turn == turn) co_await end(role.get());
    }
  }
  co_await state->tasks.stop();
}

std::vector<pid_t> Supervisor::pids() const {
  std::vector<pid_t> pids;
  for (const auto& role : state_->roles) {
    if (role->child) pids.push_back(role->child->pid());
  }
  return pids;
}

void become_subreaper() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void reap_orphans(const std::vector<pid_t>& roles) {
  for (const pid_t pid : our_children()) {
    if (std::ranges::find(roles, pid) == roles.end()) waitpid(pid, nullptr, WNOHANG);
  }
}

}  // namespace holdfast::cli
