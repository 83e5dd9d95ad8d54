#include "agent/agent.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "agent/jobs.hpp"
#include "agent/leader_lock.hpp"
#include "agent/metrics.hpp"
#include "agent/notify.hpp"
#include "agent/observer.hpp"
#include "agent/operations.hpp"
#include "agent/peers.hpp"
#include "agent/portrait.hpp"
#include "agent/records.hpp"
#include "agent/rest.hpp"
#include "agent/sentinel.hpp"
#include "agent/settings.hpp"
#include "agent/watchdog.hpp"
#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "base/overload.hpp"
#include "base/version.hpp"
#include "config/reload.hpp"
#include "dcs/etcd/settle.hpp"
#include "dcs/etcd/watcher.hpp"
#include "dcs/ha_mapping.hpp"
#include "dcs/transactions.hpp"
#include "ha/decision.hpp"
#include "postgres/rewind.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds cache_grace =
    1s;  // how long the last view of the DCS may be used after contact is lost
constexpr milliseconds first_contact_limit =
    3s;  // a starting agent waits so long for the DCS before it acts without
constexpr milliseconds catch_up_limit = 1s;
constexpr milliseconds retry_pause = 100ms;
constexpr milliseconds records_interval = 1s;
constexpr milliseconds etcd_leader_interval = 5s;

heartbeat::SubscriberOptions subscriber_options(const config::Config& config,
                                                const config::DynamicConfig& dynamic) {
  heartbeat::SubscriberOptions options;
  options.scope = config.scope;
  options.interval = dynamic.heartbeat_interval;
  options.client = rest_client_options(config);
  return options;
}

postgres::BootstrapOptions bootstrap_options(const config::BootstrapConfig& bootstrap) {
  postgres::BootstrapOptions options;
  for (const auto& user : bootstrap.users) options.users.push_back({user.name, user.password, user.options});
  options.post_bootstrap = bootstrap.post_bootstrap;
  return options;
}

// The directory around the data directory, where the sentinel's socket, the passfile and the logs live. The
// data directory itself is PostgreSQL's to make; and a missing mount point must not be filled (EC-38), so
// only what is below an existing parent of our own is made.
Result<void> make_home(const std::string& data_dir) {
  const auto home = std::filesystem::path{data_dir}.parent_path();
  std::error_code failure;
  std::filesystem::create_directories(home, failure);
  if (failure)
    return fail(Errc::permission_denied, fmt::format("creating {}: {}", home.string(), failure.message()));
  if (access(home.c_str(), W_OK | X_OK) != 0) {
    return fail(Errc::permission_denied,
                fmt::format("{} is not writable for the user of this agent", home.string()));
  }
  return {};
}

// The loop around the HA core: observe, decide, act. It holds no judgement of its own.
class Agent {
 public:
  Agent(const asio::any_io_executor& executor, config::Loaded loaded, config::LoadRequest request);

  awaitable<int> run();
  void order_stop();
  void order_reload();

 private:
  // observe
  ha::View view();
  std::shared_ptr<const dcs::Cluster> cluster() const;
  void read_cluster();
  void take_dynamic(const dcs::Cluster& cluster);
  bool waits_for_first_contact() const;
  bool leader_history_is_current() const;
  Portrait portrait(const ha::Server& server) const;
  std::vector<std::string> member_names() const;

  // decide and act
  awaitable<void> decide_forever();
  BootInstant step();
  void note(const ha::Decision& decision);
  void note_promotion();
  void act(const ha::Action& action);
  awaitable<void> write(ha::Action action, bool* pending);
  awaitable<Result<dcs::Revision>> write_to_dcs(ha::Action action);
  awaitable<void> take_initialize();
  awaitable<void> renew();
  awaitable<void> set_names(std::vector<ha::Name> names);
  awaitable<void> follow(ha::Name upstream);
  awaitable<void> catch_up(dcs::Revision revision);
  void guard_writability(const ha::Server& server);
  Result<void> before_writable();
  std::optional<postgres::Upstream> upstream(const ha::Name& name) const;
  std::vector<ha::Name> names_to_wait_for() const;

  // beside the loop
  awaitable<void> keep_records();
  awaitable<void> learn_leader_history();
  awaitable<void> keep_etcd_leader_off();
  awaitable<void> feed_metrics();
  awaitable<void> reload();
  awaitable<void> apply_dynamic();
  awaitable<Result<void>> refuse_twin();
  awaitable<Result<void>> start_serving();
  awaitable<void> shut_down();

  asio::any_io_executor executor_;
  config::LoadRequest request_;
  config::Config config_;
  config::DynamicConfig dynamic_;
  std::string dynamic_text_;
  ha::Settings settings_;
  dcs::Keys keys_;
  BootInstant started_ = BootClock::now();

  Registry registry_;
  Metrics metrics_;
  async::Event wake_;
  async::Event records_wake_;
  dcs::EtcdStore store_;
  postgres::Control control_;
  CallbackRunner callbacks_;
  Observer observer_;
  Peers peers_;
  LeaderLock lock_;
  SentinelClient sentinel_;
  Watchdog watchdog_;
  Jobs jobs_;
  Records records_;
  AgentOperations operations_;
  heartbeat::Publisher publisher_;
  rest::RestApi rest_;
  async::TaskGroup tasks_;
  std::unique_ptr<dcs::ClusterWatcher> watcher_;
  std::unique_ptr<http::Server> server_;

  std::shared_ptr<const dcs::Cluster> cached_;
  ha::Memory memory_;
  ha::PendingWrites pending_;
  bool following_ = false;
  bool owns_bootstrap_ = false;
  bool is_stopping_ = false;
  bool exits_ = false;
  bool is_handing_over_ = false;
  bool sentinel_is_armed_ = false;
  BootInstant decided_at_{};
  BootInstant promoted_at_{};  // the promotion that was seen to last
  std::string reason_;
  std::string shown_state_;
  std::optional<TimelineHistory> leader_history_;
  std::string history_problem_;  // as it was last logged
};

Agent::Agent(const asio::any_io_executor& executor, config::Loaded loaded, config::LoadRequest request)
    : executor_{executor},
      request_{std::move(request)},
      config_{std::move(loaded.config)},
      dynamic_{config_.bootstrap.dcs},
      settings_{ha_settings(dynamic_, config::effective_postgresql(config_, dynamic_))},
      keys_{config_.namespace_, config_.scope},
      registry_{{{"scope", config_.scope}, {"name", config_.name}}},
      metrics_{registry_},
      wake_{executor},
      records_wake_{executor},
      store_{executor, etcd_options(config_.etcd)},
      control_{executor,
               postgres_options(config_, dynamic_, config::effective_postgresql(config_, dynamic_))},
      callbacks_{executor, config_.scope, config_.postgresql.callbacks},
      observer_{executor, &control_, [this] { wake_.notify(); }},
      peers_{executor, config_.name, subscriber_options(config_, dynamic_), [this] { wake_.notify(); }},
      lock_{&store_, keys_, config_.name},
      sentinel_{executor, sentinel_socket(control_.options()), control_.options()},
      watchdog_{watchdog_options(config_.watchdog)},
      jobs_{executor,
            &control_,
            &observer_,
            &callbacks_,
            bootstrap_options(config_.bootstrap),
            {.upstream = [this](const ha::Name& name) { return upstream(name); },
             .synchronous_names = [this] { return names_to_wait_for(); },
             .settings = [this] { return settings_; },
             .before_writable = [this] { return before_writable(); }},
            [this] { wake_.notify(); }},
      records_{&store_, keys_, &config_, &control_, &observer_, &peers_},
      operations_{executor,
                  &store_,
                  keys_,
                  config_.name,
                  &jobs_,
                  &observer_,
                  &peers_,
                  {.cluster = [this] { return cluster(); },
                   .dynamic = [this] { return dynamic_; },
                   .is_leader = [this] { return lock_.tenure().is_valid(BootClock::now()); },
                   .reload = [this] { order_reload(); }}},
      publisher_{[this] {
        const auto server = observer_.server(member_names());
        return heartbeat_of(portrait(server));
      }},
      rest_{{.access = access_policy(config_.restapi), .extra_headers = {}},
            {.view =
                 [this] {
                   const auto server = observer_.server(member_names());
                   auto view = rest_view(portrait(server));
                   view.remembered = cached_;
                   view.reason = reason_;
                   view.scheduled_restart = operations_.scheduled_restart();
                   view.watchdog_failed = watchdog_.is_required() && !watchdog_.is_armed();
                   view.loop_age = std::chrono::duration_cast<milliseconds>(BootClock::now() - decided_at_);
                   if (watcher_ && watcher_->last_contact() != BootInstant{}) {
                     const auto age = BootClock::now() - watcher_->last_contact();
                     view.dcs_last_seen = wall_now() - std::chrono::duration_cast<milliseconds>(age);
                   }
                   return view;
                 },
             .operations = operations_,
             .publisher = publisher_,
             .metrics = [this] { return registry_.text(); }}},
      tasks_{executor} {}

// ---- observe

std::vector<std::string> Agent::member_names() const {
  std::vector<std::string> names;
  if (!cached_) return names;
  for (const auto& member : cached_->members) {
    if (member.name != config_.name) names.push_back(member.name);
  }
  // A record that expired with its session is no member that left: `sync` still names it.
  if (cached_->sync) {
    for (const auto& name : cached_->sync->standbys) {
      if (cached_->member(name) == nullptr && name != config_.name) names.push_back(name);
    }
  }
  return names;
}

std::shared_ptr<const dcs::Cluster> Agent::cluster() const {
  if (!watcher_ || !cached_) return nullptr;
  const bool is_fresh = watcher_->is_healthy() || BootClock::now() < watcher_->last_contact() + cache_grace;
  return is_fresh ? cached_ : nullptr;
}

void Agent::read_cluster() {
  if (!watcher_->has_snapshot() || (cached_ && cached_->revision == watcher_->snapshot().revision)) return;
  auto parsed = std::make_shared<dcs::Cluster>(dcs::parse_cluster(keys_, watcher_->snapshot()));
  for (const auto& problem : parsed->problems) {
    const bool is_new = !cached_ || std::find(cached_->problems.begin(), cached_->problems.end(), problem) ==
                                        cached_->problems.end();
    if (is_new) log::warn("a key in the DCS is malformed", {{"problem", problem}});
  }
  cached_ = std::move(parsed);
  lock_.observe(*cached_);
  peers_.follow(*cached_);
  take_dynamic(*cached_);
}

void Agent::take_dynamic(const dcs::Cluster& cluster) {
  if (!cluster.config || cluster.config->text == dynamic_text_) return;
  const bool is_first = dynamic_text_.empty();
  dynamic_text_ = cluster.config->text;
  config::Problems problems;
  auto parsed = config::parse_dynamic(dynamic_text_, &problems);
  if (!parsed) {
    log::error("the DCS key config is not usable, keeping the configuration in force",
               {{"error", parsed.error()}});
    return;
  }
  dynamic_ = *std::move(parsed);
  settings_ = ha_settings(dynamic_, config::effective_postgresql(config_, dynamic_));
  if (!is_first) log::info("dynamic configuration changed", {{"revision", cluster.config->mod_revision}});
  tasks_.spawn("apply configuration", apply_dynamic());
}

Portrait Agent::portrait(const ha::Server& server) const {
  return {.config = config_,
          .dynamic = dynamic_,
          .observer = observer_,
          .server = server,
          .tenure = lock_.tenure(),
          .job = jobs_.current(),
          .now = BootClock::now(),
          .is_handing_over = is_handing_over_,
          .awaits_checkpoint = records_.awaits_checkpoint(),
          .cluster = cluster()};
}

ha::View Agent::view() {
  ha::View view;
  view.now = BootClock::now();
  view.wall_now = wall_now();
  view.agent_started = started_;
  view.self = config_.name;
  view.tags = ha_tags(config_.tags);
  view.settings = settings_;
  view.server = observer_.server(member_names());
  if (const auto fresh = cluster()) view.cluster = dcs::to_ha(*fresh);
  view.tenure = lock_.tenure();
  view.peers = peers_.all();
  for (const auto& node : config_.nodes) {
    if (node.has(config::Role::agent)) view.expected_members.push_back(node.name);
  }
  view.owns_bootstrap = owns_bootstrap_;
  if (leader_history_is_current()) view.leader_history = leader_history_;
  view.job = jobs_.current();
  view.last_job = jobs_.last();
  view.pending = pending_;
  view.is_stopping = is_stopping_;
  view.memory = memory_;
  return view;
}

// A history from before the leader's promotion would call everybody diverged who has followed it already.
bool Agent::leader_history_is_current() const {
  if (!leader_history_ || !cached_ || !cached_->leader) return false;
  const auto& leader = cached_->leader->name;
  const auto peers = peers_.all();
  if (const auto peer = peers.find(leader); peer != peers.end()) {
    return peer->second.is_heard(BootClock::now()) && peer->second.timeline == leader_history_->timeline;
  }
  const auto* member = cached_->member(leader);
  return member != nullptr && member->timeline == leader_history_->timeline;
}

bool Agent::waits_for_first_contact() const {
  const bool may_wait = !observer_.is_running() && !is_stopping_;
  return may_wait && !cached_ && BootClock::now() < started_ + first_contact_limit;
}

// ---- decide and act

awaitable<void> Agent::decide_forever() {
  while (!exits_) {
    const BootInstant until = step();
    co_await wake_.wait_until(until);
  }
}

BootInstant Agent::step() {
  read_cluster();
  if (waits_for_first_contact()) return BootClock::now() + retry_pause;
  const ha::View seen = view();
  const ha::Decision decision = ha::decide(seen);
  decided_at_ = seen.now;
  metrics_.decisions.add();
  memory_ = decision.memory;
  is_handing_over_ = decision.is_handing_over;
  note(decision);
  for (const auto& action : decision.actions) act(action);
  guard_writability(seen.server);
  note_promotion();
  const auto state =
      fmt::format("{} {} {} {}", role_word(portrait(seen.server)), state_word(portrait(seen.server)),
                  is_handing_over_, lock_.tenure().is_valid(seen.now));
  if (state != shown_state_) {
    shown_state_ = state;
    publisher_.push();
    records_wake_.notify();
  }
  return decision.wake_at;
}

void Agent::note(const ha::Decision& decision) {
  if (decision.reason == reason_) return;
  reason_ = decision.reason;
  metrics_.decision_changes.add();
  std::string actions;
  for (const auto& action : decision.actions) {
    if (std::holds_alternative<ha::RenewLease>(action)) continue;
    actions += (actions.empty() ? "" : ", ") + ha::to_string(action);
  }
  log::info(reason_, {{"rule", decision.rule}, {"actions", actions.empty() ? "none" : actions}});
}

void Agent::note_promotion() {
  const auto& last = jobs_.last();
  if (!last || last->job != ha::Job::promote || !last->ok || last->ended == promoted_at_) return;
  promoted_at_ = last->ended;
  metrics_.promotions.add();
  const bool was_planned = cached_ && cached_->failover && cached_->failover->member == config_.name;
  (was_planned ? metrics_.switchovers : metrics_.failovers).add();
  tasks_.spawn("checkpoint after promotion", records_.checkpoint_after_promotion());
}

void Agent::act(const ha::Action& action) {
  const auto begin = [&](bool* pending, awaitable<void> task) {
    *pending = true;
    tasks_.spawn(ha::to_string(action), std::move(task));
  };
  if (ha::job_of(action) != ha::Job::none) return jobs_.start(action);
  std::visit(
      Overload{
          [&](const ha::TakeInitialize&) { begin(&pending_.initialize, take_initialize()); },
          [&](const ha::DropInitialize&) {
            begin(&pending_.initialize, write(action, &pending_.initialize));
          },
          [&](const ha::AcquireLeader&) { begin(&pending_.leader, write(action, &pending_.leader)); },
          [&](const ha::ReadoptLeader&) { begin(&pending_.leader, write(action, &pending_.leader)); },
          [&](const ha::ReleaseLeader&) { begin(&pending_.leader, write(action, &pending_.leader)); },
          [&](const ha::RenewLease&) { begin(&pending_.renewal, renew()); },
          [&](const ha::WriteSync&) { begin(&pending_.sync, write(action, &pending_.sync)); },
          [&](const ha::DeleteSync&) { begin(&pending_.sync, write(action, &pending_.sync)); },
          [&](const ha::ClearFailover&) { begin(&pending_.failover, write(action, &pending_.failover)); },
          [&](const ha::SetSynchronousNames& a) { begin(&pending_.synchronous_names, set_names(a.names)); },
          [&](const ha::Follow& a) {
            if (!following_) begin(&following_, follow(a.upstream));
          },
          [&](const ha::Exit&) { exits_ = true; },
          [](const auto&) {},
      },
      action);
}

awaitable<Result<dcs::Revision>> Agent::write_to_dcs(ha::Action action) {
  if (std::holds_alternative<ha::AcquireLeader>(action) ||
      std::holds_alternative<ha::ReadoptLeader>(action)) {
    co_return co_await lock_.take(std::move(action), settings_);
  }
  if (std::holds_alternative<ha::ReleaseLeader>(action)) {
    std::optional<std::string> status;
    const auto& control_data = observer_.control_data();
    if (cached_ && control_data && control_data->is_clean())
      status = records_.final_status(*cached_, control_data->checkpoint);
    co_return co_await lock_.release(std::move(status));
  }
  const dcs::Writer writer{.self = config_.name, .leader_lease = {}, .last_status = {}};
  auto txn = dcs::txn_for(action, keys_, writer);
  if (!txn) co_return fail(Errc::internal, "no transaction for " + ha::to_string(action));
  auto done = co_await dcs::settle(&store_, *std::move(txn));
  if (!done) co_return tl::unexpected(done.error());
  if (!done->succeeded) co_return fail(Errc::conflict, "the key has changed meanwhile");
  co_return done->revision;
}

awaitable<void> Agent::write(ha::Action action, bool* pending) {
  const auto what = ha::to_string(action);
  const BootInstant sent = BootClock::now();
  auto written = co_await write_to_dcs(action);
  metrics_.dcs_seconds.observe(std::chrono::duration<double>(BootClock::now() - sent).count());
  if (written) {
    log::info("done", {{"write", what}, {"revision", *written}});
    if (std::holds_alternative<ha::DropInitialize>(action)) owns_bootstrap_ = false;
    co_await catch_up(*written);
  } else {
    metrics_.dcs_failures.add();
    log::warn("failed", {{"write", what}, {"error", written.error()}});
    watcher_->refresh();
    co_await async::sleep_for(retry_pause);
  }
  *pending = false;
  wake_.notify();
}

// Our own write must be in our view of the DCS before the core is asked again, or it would ask for it twice.
awaitable<void> Agent::catch_up(dcs::Revision revision) {
  const auto limit = BootClock::now() + catch_up_limit;
  while (watcher_->has_snapshot() && watcher_->snapshot().revision < revision && BootClock::now() < limit) {
    co_await async::sleep_for(2ms);
  }
  read_cluster();
}

awaitable<void> Agent::take_initialize() {
  auto txn = dcs::take_initialize(keys_);
  // The claim lives on our session: a bootstrapper that dies does not block the cluster for ever.
  for (auto& op : txn.success) {
    if (auto* put = std::get_if<dcs::Put>(&op)) put->lease = records_.session();
  }
  auto taken = co_await dcs::settle(&store_, std::move(txn));
  owns_bootstrap_ = taken && taken->succeeded;
  if (taken) co_await catch_up(taken->revision);
  if (!taken) log::warn("failed", {{"write", "take initialize"}, {"error", taken.error()}});
  pending_.initialize = false;
  wake_.notify();
}

awaitable<void> Agent::renew() {
  const bool moves = lock_.needs_new_lease(settings_) && cached_ && cached_->leader;
  const BootInstant sent = BootClock::now();
  Result<void> renewed;
  if (moves) {
    auto moved = co_await lock_.take(ha::ReadoptLeader{cached_->leader->mod_revision}, settings_);
    if (!moved) renewed = tl::unexpected(moved.error());
  } else {
    renewed = co_await lock_.renew(settings_);
  }
  metrics_.dcs_seconds.observe(std::chrono::duration<double>(BootClock::now() - sent).count());
  if (renewed) {
    metrics_.lease_renewals.add();
    const auto server = observer_.server(member_names());
    guard_writability(server);
  } else {
    metrics_.lease_renewal_failures.add();
    metrics_.dcs_failures.add();
    log::warn("the leader's lease was not renewed", {{"error", renewed.error()}});
    co_await async::sleep_for(retry_pause);
  }
  pending_.renewal = false;
  wake_.notify();
}

awaitable<void> Agent::set_names(std::vector<ha::Name> names) {
  auto set = co_await control_.set_synchronous_standby_names(print_synchronous_names(names));
  if (!set) {
    log::warn("failed", {{"setting", "synchronous_standby_names"}, {"error", set.error()}});
    co_await async::sleep_for(retry_pause);
  }
  observer_.note_synchronous_names();
  co_await observer_.look();
  pending_.synchronous_names = false;
  wake_.notify();
}

awaitable<void> Agent::follow(ha::Name name) {
  const auto source = upstream(name);
  Result<void> followed = fail(Errc::not_found, "no usable address of " + name);
  if (source) followed = co_await control_.follow(source);
  if (followed) observer_.note_upstream(name);
  if (!followed) {
    log::warn("failed", {{"follow", name}, {"error", followed.error()}});
    co_await async::sleep_for(retry_pause);
  }
  following_ = false;
  wake_.notify();
}

// Fences 3 and 4: whenever PostgreSQL may be writable, sentinel and watchdog know until when.
void Agent::guard_writability(const ha::Server& server) {
  const auto& tenure = lock_.tenure();
  const bool may_write = server.is_writable() || jobs_.current() == ha::Job::promote;
  if (settings_.pause || (!may_write && jobs_.current() != ha::Job::start)) {
    if (sentinel_is_armed_ && sentinel_.disarm()) sentinel_is_armed_ = false;
    watchdog_.disarm();
    return;
  }
  if (!tenure.held) return;  // what was armed stays: the old deadline is the one that counts
  if (auto armed = sentinel_.arm(tenure.deadline); armed) {
    sentinel_is_armed_ = true;
  } else {
    tasks_.spawn("sentinel", [](Agent* self) -> awaitable<void> {
      auto again = co_await self->sentinel_.connect();
      if (!again)
        log::error("no sentinel: a hung agent would not be fenced by it", {{"error", again.error()}});
    }(this));
  }
  watchdog_.pet();
}

Result<void> Agent::before_writable() {
  const auto& tenure = lock_.tenure();
  if (!tenure.is_valid(BootClock::now()))
    return fail(Errc::lease_lost, "the leader lock is not held any more");
  if (!settings_.pause) {
    if (auto armed = sentinel_.arm(tenure.deadline); !armed)
      return fail("arming the sentinel", armed.error());
    sentinel_is_armed_ = true;
  }
  auto armed = watchdog_.arm(settings_.leader_ttl);
  if (!armed && watchdog_.is_required()) return fail("watchdog.mode is required", armed.error());
  if (!armed) log::debug("no watchdog", {{"error", armed.error()}});
  return {};
}

std::optional<postgres::Upstream> Agent::upstream(const ha::Name& name) const {
  const auto* member = cached_ ? cached_->member(name) : nullptr;
  if (member == nullptr) return std::nullopt;
  const auto address = parse_conn_url(member->conn_url);
  if (!address) return std::nullopt;
  return postgres::Upstream{
      .member = name,
      .host = address->host,
      .port = address->port,
      .slot = config_.postgresql.use_slots ? dcs::slot_name_of(config_.name) : std::string{}};
}

// A primary that starts must wait for everyone whom `sync` promises.
std::vector<ha::Name> Agent::names_to_wait_for() const {
  if (settings_.synchronous_mode == ha::SyncMode::off || !cached_) return {};
  if (cached_->sync && cached_->sync->leader == config_.name && !cached_->sync->standbys.empty())
    return cached_->sync->standbys;
  if (settings_.synchronous_mode_strict) return {ha::strict_placeholder};
  return {};
}

// ---- beside the loop

awaitable<void> Agent::keep_records() {
  for (;;) {
    const auto server = observer_.server(member_names());
    const auto shown = portrait(server);
    const bool leads =
        lock_.tenure().is_valid(shown.now) && server.state == ha::ServerState::running && !server.in_recovery;
    Records::Moment moment{
        .member = member_record(shown), .cluster = shown.cluster, .dynamic = dynamic_, .leads = leads};
    co_await records_.keep(std::move(moment));
    co_await records_wake_.wait_until(BootClock::now() + records_interval);
  }
}

awaitable<void> Agent::learn_leader_history() {
  for (;;) {
    co_await async::sleep_for(200ms);
    const auto known = cluster();
    if (!known || !known->leader || known->leader->name == config_.name) {
      leader_history_.reset();
      continue;
    }
    const auto& leader = known->leader->name;
    const auto peers = peers_.all();
    const auto peer = peers.find(leader);
    const bool is_up = peer == peers.end() || (peer->second.is_running && peer->second.is_writable);
    const Timeline timeline = peer == peers.end() ? 0 : peer->second.timeline;
    if (!is_up || (leader_history_ && timeline == leader_history_->timeline)) continue;
    const auto source = upstream(leader);
    if (!source) continue;
    auto state = co_await postgres::ask_source(control_.options(), *source);
    if (!state) {
      const auto problem = to_string(state.error());
      if (problem != history_problem_)
        log::warn("the leader's timeline history can't be read", {{"leader", leader}, {"error", problem}});
      history_problem_ = problem;
      continue;
    }
    history_problem_.clear();
    leader_history_ = state->history;
    leader_history_->timeline = state->timeline;
    wake_.notify();
  }
}

// One dead host must not cost an etcd election beside the failover.
awaitable<void> Agent::keep_etcd_leader_off() {
  for (;;) {
    co_await async::sleep_for(etcd_leader_interval);
    if (!config_.has(config::Role::etcd) || !lock_.tenure().held || !observer_.accepts_connections())
      continue;
    if (observer_.status()->in_recovery) continue;
    auto moved = co_await dcs::keep_leader_off(&store_, config_.etcd_server.name);
    if (moved && *moved) log::info("moved etcd's leader off the primary's host");
    if (!moved) log::debug("etcd's leader was not moved", {{"error", moved.error()}});
  }
}

awaitable<void> Agent::feed_metrics() {
  for (;;) {
    const auto now = BootClock::now();
    const auto& tenure = lock_.tenure();
    const auto left = tenure.is_valid(now) ? tenure.deadline - now : nanoseconds{0};
    metrics_.lease_remaining.set(std::chrono::duration<double>(left).count());
    metrics_.epoch.set(static_cast<double>(tenure.epoch.value));
    metrics_.heartbeat_subscribers.set(static_cast<double>(publisher_.subscribers()));
    std::size_t heard = 0;
    for (const auto& [name, peer] : peers_.all()) heard += peer.is_heard(now) ? 1 : 0;
    metrics_.heartbeat_peers.set(static_cast<double>(heard));
    metrics_.heartbeats_sent.add(static_cast<double>(publisher_.sent()) - metrics_.heartbeats_sent.value());
    metrics_.heartbeats_received.add(static_cast<double>(peers_.received()) -
                                     metrics_.heartbeats_received.value());
    metrics_.heartbeat_losses.add(static_cast<double>(peers_.lost()) - metrics_.heartbeat_losses.value());
    co_await async::sleep_for(1s);
  }
}

awaitable<void> Agent::apply_dynamic() {
  config::Problems problems;
  const auto effective = config::effective_postgresql(config_, dynamic_, &problems);
  for (const auto& problem : problems)
    log::warn("a PostgreSQL setting", {{"problem", config::print_problem(problem)}});
  auto options = postgres_options(config_, dynamic_, effective);
  auto applied = co_await control_.reload(std::move(options));
  if (!applied) log::warn("PostgreSQL's configuration was not applied", {{"error", applied.error()}});
  if (applied && applied->changed) {
    log::info("PostgreSQL's configuration reloaded", {{"restart_needed", applied->restart_needed}});
    callbacks_.call("on_reload",
                    observer_.status() && !observer_.status()->in_recovery ? "primary" : "replica");
  }
  wake_.notify();
}

awaitable<void> Agent::reload() {
  notify_systemd(fmt::format(
      "RELOADING=1\nMONOTONIC_USEC={}",
      std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()));
  auto loaded = config::load(request_);
  if (!loaded) {
    log::error("the new configuration is not used", {{"problems", loaded.error().context}});
  } else {
    const auto diff = config::diff(config_, loaded->config);
    for (const auto& path : diff.applied) log::info("configuration reloaded", {{"key", path}});
    for (const auto& path : diff.needs_restart)
      log::warn("configuration changed, needs a restart of the agent", {{"key", path}});
    // What needs a restart keeps its value until then.
    auto fresh = std::move(loaded->config);
    config_.tags = fresh.tags;
    config_.log = fresh.log;
    config_.bootstrap = fresh.bootstrap;
    config_.postgresql.parameters = fresh.postgresql.parameters;
    config_.postgresql.pg_hba = fresh.postgresql.pg_hba;
    config_.postgresql.pg_ident = fresh.postgresql.pg_ident;
    config_.postgresql.authentication = fresh.postgresql.authentication;
    config_.postgresql.callbacks = fresh.postgresql.callbacks;
    config_.postgresql.use_pg_rewind = fresh.postgresql.use_pg_rewind;
    config_.restapi.authentication = fresh.restapi.authentication;
    config_.restapi.allowlist = fresh.restapi.allowlist;
    log::set_level(config_.log.level);
    callbacks_.set(config_.postgresql.callbacks);
    rest_.set_options({.access = access_policy(config_.restapi), .extra_headers = {}});
    settings_ = ha_settings(dynamic_, config::effective_postgresql(config_, dynamic_));
    co_await apply_dynamic();
  }
  if (auto certificates = server_->reload_certificates(); !certificates) {
    log::error("the REST API keeps its old certificate", {{"error", certificates.error()}});
  }
  notify_systemd("READY=1");
}

// Two agents of one name would take turns as the leader. Only a live answer under our name, from elsewhere,
// is proof (EC-16).
awaitable<Result<void>> Agent::refuse_twin() {
  const auto limit = BootClock::now() + first_contact_limit;
  while (!watcher_->has_snapshot() && BootClock::now() < limit) co_await async::sleep_for(20ms);
  read_cluster();
  const auto* record = cached_ ? cached_->member(config_.name) : nullptr;
  if (record == nullptr || record->api_url.starts_with(api_base_url(config_.restapi) + "/"))
    co_return Result<void>{};
  const auto url = http::parse_url(record->api_url);
  if (!url) co_return Result<void>{};
  http::Client client{executor_, rest_client_options(config_)};
  auto answered = co_await client.request(*url, http::get_request(), 2s);
  if (!answered || answered->body.find('"' + config_.name + '"') == std::string::npos)
    co_return Result<void>{};
  co_return fail(Errc::conflict,
                 fmt::format("a member named {} already runs and answers at {}: give this one another `name`",
                             config_.name, record->api_url));
}

awaitable<Result<void>> Agent::start_serving() {
  auto server = http::Server::start(executor_, rest_server_options(config_.restapi), rest_.handlers());
  if (!server) co_return fail("REST API", server.error());
  server_ = *std::move(server);
  watcher_ = std::make_unique<dcs::ClusterWatcher>(
      executor_, &store_, keys_.prefix(),
      dcs::ClusterWatcher::Events{.on_change = [this] { wake_.notify(); }});
  co_return co_await refuse_twin();
}

awaitable<int> Agent::run() {
  log::info("agent starts", {{"version", version},
                             {"scope", config_.scope},
                             {"name", config_.name},
                             {"rest", api_base_url(config_.restapi)}});
  if (auto made = make_home(control_.options().data_dir); !made) {
    log::error("agent can't start", {{"error", made.error()}});
    co_await callbacks_.stop();
    co_await peers_.stop();
    co_return 1;
  }
  co_await observer_.start(settings_.heartbeat_interval);
  auto deadline = co_await sentinel_.connect();
  if (!deadline) {
    log::error("agent can't start", {{"error", deadline.error()}});
    co_await observer_.stop();
    co_await callbacks_.stop();
    co_await peers_.stop();
    co_return 1;
  }
  lock_.inherit(*deadline);
  sentinel_is_armed_ = *deadline != BootInstant{};
  int code = 0;
  if (auto serving = co_await start_serving(); !serving) {
    log::error("agent can't start", {{"error", serving.error()}});
    code = 1;
  } else {
    tasks_.spawn("records", keep_records());
    tasks_.spawn("leader history", learn_leader_history());
    tasks_.spawn("etcd leader", keep_etcd_leader_off());
    tasks_.spawn("metrics", feed_metrics());
    notify_systemd("READY=1");
    co_await decide_forever();
    notify_systemd("STOPPING=1");
  }
  co_await shut_down();
  co_return code;
}

awaitable<void> Agent::shut_down() {
  co_await tasks_.stop();
  if (cached_ && records_.session()) {
    const auto server = observer_.server({});
    co_await records_.say_goodbye(member_record(portrait(server)));
  }
  if (!observer_.is_running() && sentinel_is_armed_) {
    auto disarmed = sentinel_.disarm();
    if (!disarmed) log::debug("the sentinel is gone already", {{"error", disarmed.error()}});
  }
  watchdog_.disarm();
  co_await jobs_.stop();
  co_await operations_.stop();
  co_await observer_.stop();
  co_await peers_.stop();
  if (watcher_) co_await watcher_->stop();
  if (server_) co_await server_->stop();
  co_await callbacks_.stop();
  log::info("agent ended");
}

void Agent::order_stop() {
  log::info("asked to end", {{"again", is_stopping_}});
  is_stopping_ = true;
  wake_.notify();
}

void Agent::order_reload() {
  tasks_.spawn("reload", reload());
}

std::string what(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown";
  }
}

awaitable<void> watch_signals(Agent* agent) {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGTERM, SIGINT, SIGHUP};
  for (;;) {
    auto [ec, number] = co_await signals.async_wait(as_result);
    if (ec) co_return;
    if (number == SIGHUP) {
      agent->order_reload();
    } else {
      agent->order_stop();
    }
  }
}

}  // namespace

int run_agent(config::Loaded loaded, config::LoadRequest request) {
  if (geteuid() == 0) {
    log::error(
        "the agent does not run as root, as PostgreSQL does not: start it as the user that owns the data "
        "directory, "
        "or use `holdfast run`, which switches to os_user");
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context loop{1};
  int code = 1;
  {
    Agent agent{loop.get_executor(), std::move(loaded), std::move(request)};
    async::TaskGroup signals{loop.get_executor()};
    signals.spawn("signals", watch_signals(&agent));
    asio::co_spawn(loop, agent.run(), [&](const std::exception_ptr& failure, int result) {
      if (failure) {
        log::error("the agent failed", {{"error", what(failure)}});
        std::_Exit(1);  // PostgreSQL goes on; the supervisor starts us again, the sentinel bounds the time
      }
      code = result;
      signals.cancel();
    });
    loop.run();
  }
  return code;
}

}  // namespace holdfast::agent
