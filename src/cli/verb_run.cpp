#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "agent/agent.hpp"
#include "agent/notify.hpp"
#include "agent/sentinel.hpp"
#include "base/log.hpp"
#include "cli/os_user.hpp"
#include "cli/role_etcd.hpp"
#include "cli/run_plan.hpp"
#include "cli/supervisor.hpp"
#include "cli/verbs.hpp"
#include "config/load.hpp"
#include "proxy/run.hpp"
#include "vip/run.hpp"

// The roles: everything is checked before anything starts.
namespace holdfast::cli {
namespace {

// Says all that is wrong; the code for that is 2.
std::optional<config::Loaded> load_or_complain(Context& context, const config::LoadRequest& request) {
  auto loaded = config::load(request);
  if (!loaded) {
    context.terminal.complain(loaded.error().context);
    return {};
  }
  for (const auto& warning : loaded->warnings) context.terminal.complain(config::print_problem(warning));
  return *std::move(loaded);
}

bool configure_log(Context& context, const config::Config& config, const std::string& role) {
  log::Options options{.level = config.log.level,
                       .json = config.log.type == config::LogType::json,
                       .directory = config.log.dir,
                       .file_name = "holdfast-" + role + ".log",
                       .file_bytes_max = static_cast<std::size_t>(config.log.file_size.value),
                       .files_max = static_cast<std::size_t>(config.log.file_num),
                       .process = config.name.empty() ? role : role + " " + config.name};
  try {
    log::configure(options);
  } catch (const std::exception& problem) {
    context.terminal.complain(
        fmt::format("log.dir: {} can't be written: {}", config.log.dir, problem.what()));
    return false;
  }
  return true;
}

// Everything that must be right on this host before roles are started; the account that they run under.
Result<std::optional<uid_t>> prepare_host(const config::Config& config, const config::LoadRequest& request) {
  const auto user = find_os_user(config);
  if (!user) return user;
  for (const std::string& file : {request.path, config.passwords_file}) {
    if (const auto readable = check_readable(file, *user); !readable) return tl::unexpected(readable.error());
  }
  if (const auto made = prepare_directories(config, *user); !made) return tl::unexpected(made.error());
  return user;
}

awaitable<void> supervise(Supervisor* supervisor) {
  const auto executor = co_await asio::this_coro::executor;
  asio::signal_set signals{executor};
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) signals.add(number);
  supervisor->start();
  agent::notify_systemd("READY=1");
  for (;;) {
    const auto [ec, number] = co_await signals.async_wait(as_result);
    if (ec) continue;
    if (number == SIGCHLD) {
      reap_orphans(supervisor->pids());
    } else if (number == SIGHUP) {
      log::info("reload asked for, telling every role");
      supervisor->forward(SIGHUP);
    } else {
      break;
    }
  }
  log::info("stopping: vip, then proxy, then agent, then etcd");
  agent::notify_systemd("STOPPING=1");
  co_await supervisor->stop();
}

// A role ends with its supervisor, at once: the one that systemd starts next would find its ports taken.
// PostgreSQL goes on, and is taken over by the next agent.
void end_with_supervisor() {
  if (std::getenv("HOLDFAST_SUPERVISED") != nullptr) prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int run_role(config::Role role, config::Loaded loaded, config::LoadRequest request) {
  const auto reread = [request]() -> Result<config::Config> {
    auto again = config::load(request);
    if (!again) return tl::unexpected(again.error());
    return std::move(again->config);
  };
  switch (role) {
    case config::Role::agent:
      return agent::run_agent(std::move(loaded), std::move(request));
    case config::Role::proxy:
      agent::notify_systemd("READY=1");  // it listens in a moment, or ends
      return proxy::run(loaded.config, reread);
    case config::Role::vip:
      agent::notify_systemd("READY=1");
      return vip::run(loaded.config, reread);
    case config::Role::etcd:
      return run_etcd(loaded.config);
  }
  return 1;
}

}  // namespace

Result<int> run_verb(Context& context, const Run& verb) {
  auto request = config::request_for(context.common.config_file, verb.node);
  const auto loaded = load_or_complain(context, request);
  if (!loaded) return 2;
  const auto& config = loaded->config;
  if (config.roles.empty()) {
    context.terminal.complain("Error: the configuration gives this host no role: see `holdfast config show`");
    return 2;
  }
  const auto user = prepare_host(config, request);
  if (!user) {
    context.terminal.complain("Error: " + user.error().context);
    return 2;
  }
  if (!configure_log(context, config, "run")) return 2;
  const RunFacts facts{.program = std::filesystem::read_symlink("/proc/self/exe").string(),
                       .config_file = context.common.config_file,
                       .node = verb.node,
                       .os_user = *user,
                       .environment = request.environment};
  become_subreaper();
  asio::io_context io{1};
  Supervisor supervisor{io.get_executor(), plan_roles(config, facts)};
  asio::co_spawn(io, supervise(&supervisor), [&io](const std::exception_ptr&) { io.stop(); });
  io.run();
  return 0;
}

Result<int> run_verb(Context& context, const RunRole& verb) {
  end_with_supervisor();
  auto request = config::request_for(context.common.config_file, verb.node);
  auto loaded = load_or_complain(context, request);
  if (!loaded) return 2;
  const std::string name = role_name(verb.role);
  if (!loaded->config.has(verb.role)) {
    context.terminal.complain(
        fmt::format("Error: the configuration does not give this host the role {}", name));
    return 2;
  }
  const auto user = prepare_host(loaded->config, request);
  if (!user) {
    context.terminal.complain("Error: " + user.error().context);
    return 2;
  }
  if (!configure_log(context, loaded->config, name)) return 2;
  return run_role(verb.role, *std::move(loaded), std::move(request));
}

Result<int> run_verb(Context&, const Sentinel& verb) {
  return agent::run_sentinel(
      {.socket = verb.socket, .data_dir = verb.data_dir, .bin_dir = verb.bin_dir, .member = verb.member});
}

}  // namespace holdfast::cli
