#include "etcd/member.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

#include "async/backoff.hpp"
#include "async/child_process.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "etcd/plan.hpp"
#include "etcd/upkeep.hpp"
#include "http/listen.hpp"

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;

std::string joined(const config::StringList& texts) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : ",") + text;
  return result;
}

std::string configured_cluster(const config::EtcdServerConfig& server) {
  std::string result;
  for (const auto& [name, url] : server.initial_cluster)
    result += (result.empty() ? "" : ",") + name + "=" + url;
  return result;
}

// What --initial-cluster must say for a member that joins: exactly the members there are, ourselves included.
std::string present_cluster(const std::vector<dcs::StoreMember>& members,
                            const config::EtcdServerConfig& server) {
  std::string result;
  for (const auto& member : members) {
    for (const auto& url : member.peer_urls) {
      const auto& name = member.name.empty() ? server.name : member.name;
      result += (result.empty() ? "" : ",") + name + "=" + url;
    }
  }
  return result;
}

std::string mark_of(const config::EtcdServerConfig& server) {
  return server.data_dir + ".joined";
}

Result<void> leave_mark(const config::EtcdServerConfig& server) {
  std::ofstream mark{mark_of(server)};
  mark << "This host is etcd member " << server.name << ". Remove this file only to start it as a new one.\n";
  mark.close();
  if (!mark) return fail(Errc::permission_denied, "writing " + mark_of(server));
  return {};
}

Result<void> ports_are_free(const asio::any_io_executor& executor, const config::EtcdServerConfig& server) {
  for (const auto* urls : {&server.listen_client_urls, &server.listen_peer_urls}) {
    for (const auto& text : *urls) {
      const auto url = http::parse_url(text);
      if (!url) return tl::unexpected(url.error());
      const auto listener = http::listen_on(executor, url->endpoint);
      if (!listener) return tl::unexpected(listener.error());
    }
  }
  return {};
}

bool is_for_a_human(Errc code) {
  return code == Errc::not_found || code == Errc::permission_denied || code == Errc::invalid_argument;
}

}  // namespace

namespace {

// etcd's own flags of the same meaning; none without certificates.
void add_tls(std::vector<std::string>& arguments, const config::EtcdServerConfig& server) {
  const auto add = [&](const std::string& flag, const std::string& value) {
    if (!value.empty()) arguments.push_back("--" + flag + "=" + value);
  };
  add("cert-file", server.cert);
  add("key-file", server.key);
  add("trusted-ca-file", server.cacert);
  add("client-cert-auth", server.client_cert_auth ? "true" : "");
  add("peer-cert-file", server.peer_cert);
  add("peer-key-file", server.peer_key);
  add("peer-trusted-ca-file", server.peer_cacert);
  add("peer-client-cert-auth", server.peer_cacert.empty() ? "" : "true");
}

}  // namespace

std::vector<std::string> arguments_of(const config::EtcdServerConfig& server,
                                      const std::string& initial_cluster, const std::string& state) {
  std::vector<std::string> arguments{
      server.bin_dir + "/etcd",
      "--name=" + server.name,
      "--data-dir=" + server.data_dir,
      "--listen-client-urls=" + joined(server.listen_client_urls),
      "--advertise-client-urls=" + joined(server.advertise_client_urls),
      "--listen-peer-urls=" + joined(server.listen_peer_urls),
      "--initial-advertise-peer-urls=" + joined(server.initial_advertise_peer_urls),
      "--initial-cluster=" + initial_cluster,
      "--initial-cluster-state=" + state,
      "--initial-cluster-token=" + server.initial_cluster_token,
      "--heartbeat-interval=" + std::to_string(server.heartbeat_interval.count()),
      "--election-timeout=" + std::to_string(server.election_timeout.count()),
      "--auto-compaction-mode=periodic",
      "--auto-compaction-retention=" + server.auto_compaction_retention,
      "--quota-backend-bytes=" + std::to_string(server.quota_backend_bytes.value),
      "--snapshot-count=" + std::to_string(server.snapshot_count),
      "--logger=zap"};
  add_tls(arguments, server);
  return arguments;
}

struct Member::State : std::enable_shared_from_this<State> {
  State(const asio::any_io_executor& given, MemberOptions told)
      : executor{given},
        options{std::move(told)},
        store{given, options.client},
        stopping{given},
        tasks{given} {}

  asio::any_io_executor executor;
  MemberOptions options;
  dcs::EtcdStore store;
  std::optional<async::ChildProcess> child;
  bool is_stopping = false;
  std::string reason = "not started";
  async::Event stopping;
  async::TaskGroup tasks;

  ~State() {
    if (child) child->kill(SIGKILL);
  }

  const config::EtcdServerConfig& server() const { return options.server; }

  bool has_data() const {
    std::error_code ignored;
    return fs::exists(server().data_dir + "/member/wal", ignored);
  }

  awaitable<Situation> look() {
    Situation situation{
        .name = server().name, .peer_urls = server().initial_advertise_peer_urls, .members = {}};
    std::error_code ignored;
    situation.has_data = has_data();
    situation.had_joined = fs::exists(mark_of(server()), ignored);
    situation.is_alone = server().initial_cluster.size() <= 1;
    if (situation.is_alone) co_return situation;
    auto members = co_await store.members();
    if (members) situation.members = *std::move(members);
    co_return situation;
  }

  awaitable<Result<std::string>> join(Plan plan) {
    if (plan.remove) {
      const auto removed = co_await store.remove_member(*plan.remove);
      if (!removed) co_return fail("removing our former member", removed.error());
    }
    if (!plan.is_added) {
      const auto added = co_await store.add_member(server().initial_advertise_peer_urls);
      // A conflict: an earlier try was done, its answer lost.
      const bool is_there = added || added.error().code == Errc::conflict;
      if (!is_there) co_return fail("adding ourselves to the cluster", added.error());
    }
    const auto members = co_await store.members();
    if (!members) co_return fail("reading the members", members.error());
    co_return present_cluster(*members, server());
  }

  Result<void> move_aside() {
    std::error_code code;
    const auto kept = server().data_dir + ".removed-" + std::to_string(wall_now().time_since_epoch().count());
    fs::rename(server().data_dir, kept, code);
    if (code) return fail(Errc::io_error, "moving " + server().data_dir + " aside: " + code.message());
    log::warn("etcd data of a removed member was moved aside", {{"kept", kept}});
    return {};
  }

  // The arguments to start with; nullopt: not now.
  awaitable<Result<std::optional<std::vector<std::string>>>> prepare() {
    auto situation = co_await look();
    auto plan = plan_start(situation);
    if (plan.reason != reason)
      log::info("etcd member decided", {{"member", server().name}, {"why", plan.reason}});
    reason = plan.reason;
    if (plan.kind == Plan::Kind::wait) co_return std::nullopt;
    if (plan.kind == Plan::Kind::move_aside) {
      const auto moved = move_aside();
      if (!moved) co_return tl::unexpected(moved.error());
      co_return std::nullopt;
    }
    if (plan.kind != Plan::Kind::join) {
      co_return arguments_of(server(), configured_cluster(server()), "new");
    }
    auto cluster = co_await join(std::move(plan));
    if (!cluster) co_return tl::unexpected(cluster.error());
    co_return arguments_of(server(), *cluster, "existing");
  }

  Result<void> start(std::vector<std::string> argv) {
    const auto free = ports_are_free(executor, server());
    if (!free) return fail("starting etcd", free.error());
    std::error_code code;
    fs::create_directories(fs::path{server().data_dir}.parent_path(), code);
    if (code) return fail(Errc::permission_denied, "making " + server().data_dir + ": " + code.message());
    async::ChildOptions how;
    how.argv = std::move(argv);
    how.output_file = options.log_file.empty() ? server().data_dir + ".log" : options.log_file;
    how.user = options.user;
    how.own_session = true;
    how.dies_with_us = true;
    auto started = async::ChildProcess::start(executor, std::move(how));
    if (!started) return tl::unexpected(started.error());
    child.emplace(*std::move(started));
    log::info("etcd started", {{"member", server().name}, {"pid", child->pid()}});
    return {};
  }

  awaitable<Result<void>> run_once() {
    auto argv = co_await prepare();
    if (!argv) co_return tl::unexpected(argv.error());
    if (!*argv) co_return fail(Errc::unavailable, reason);
    const auto started = start(**std::move(argv));
    if (!started) co_return started;
    const auto ended = co_await child->wait();
    child.reset();
    if (!ended) co_return tl::unexpected(ended.error());
    const auto log_file = options.log_file.empty() ? server().data_dir + ".log" : options.log_file;
    co_return fail(Errc::process_failed,
                   "etcd ended: " + async::to_string(*ended) + "; its log is " + log_file);
  }

  awaitable<void> keep_up() {
    const auto self = shared_from_this();
    // Not at the start: a first start that fails before there is data must be able to begin again.
    while (!has_data()) co_await async::sleep_for(500ms);
    const auto marked = leave_mark(server());
    if (!marked) log::warn("etcd member can't be marked as joined", {{"error", marked.error()}});
    for (;;) {
      co_await async::sleep_for(options.upkeep_interval);
      const auto done = co_await defragment_in_turn(&store, server().name);
      if (!done) log::warn("etcd upkeep failed", {{"error", done.error()}});
    }
  }
};

Member::Member(const asio::any_io_executor& executor, MemberOptions options)
    : state_{std::make_shared<State>(executor, std::move(options))} {}
Member::~Member() = default;

awaitable<Result<void>> Member::run() {
  const auto state = state_;
  state->tasks.spawn("etcd upkeep", state->keep_up());
  async::Backoff backoff{200ms, 5s};
  while (!state->is_stopping) {
    const auto began = BootClock::now();
    const auto ended = co_await state->run_once();
    if (state->is_stopping) break;
    if (!ended && is_for_a_human(ended.error().code)) co_return ended;
    if (BootClock::now() - began > 30s) backoff.reset();
    const auto pause = backoff.next();
    log::warn("etcd is not running",
              {{"member", state->server().name}, {"error", ended.error()}, {"again_in", pause}});
    co_await state->stopping.wait_until(BootClock::now() + pause);
  }
  co_return Result<void>{};
}

awaitable<void> Member::stop() {
  const auto state = state_;
  state->is_stopping = true;
  state->stopping.notify();
  co_await state->tasks.stop();
  if (!state->child) co_return;
  const auto pid = state->child->pid();
  state->child->kill(SIGTERM);
  auto ending = async::wait_for_exit(pid);
  const auto ended = co_await async::with_timeout(5s, std::move(ending));
  if (!ended && state->child) state->child->kill(SIGKILL);
}

bool Member::is_running() const {
  return state_->child.has_value();
}
std::string Member::reason() const {
  return state_->reason;
}

}  // namespace holdfast::etcd
