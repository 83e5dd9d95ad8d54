#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "agent/loop.hpp"
#include "agent/notify.hpp"
#include "agent/settings.hpp"
#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "dcs/etcd/options.hpp"
#include "http/client.hpp"

namespace holdfast::agent {
namespace {

// The DCS may be stopping with us: its answer is not waited for.
constexpr milliseconds goodbye_limit = 1s;

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

// A cluster made by initdb where a copy of another was asked for would be a second, empty one.
Result<void> may_bootstrap(const config::BootstrapConfig& bootstrap) {
  if (bootstrap.method != "initdb") {
    return fail(
        Errc::unsupported,
        fmt::format("bootstrap.method is {}, this version can only initdb: make the first data directory "
                    "with your own tool, or remove the key for an empty cluster",
                    bootstrap.method));
  }
  if (bootstrap.dcs.standby_cluster.is_set()) {
    return fail(Errc::unsupported,
                "bootstrap.dcs.standby_cluster is set, this version can't run a standby cluster: remove the "
                "key for a "
                "cluster of its own");
  }
  return {};
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

}  // namespace

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
      allowlist_wake_{executor},
      resolver_{executor},
      store_{executor, dcs::options_of(config_.etcd)},
      control_{executor,
               postgres_options(config_, dynamic_, config::effective_postgresql(config_, dynamic_))},
      callbacks_{executor, config_.scope, config_.postgresql.callbacks},
      observer_{executor, &control_, [this] { return cached_ && !cached_->leader ? cached_->revision : 0; },
                [this] { wake_.notify(); }},
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
             .before_writable = [this] { return before_writable(); },
             .before_bootstrap = [this] { return may_bootstrap(config_.bootstrap); }},
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
      rest_{{.access = access_policy(config_.restapi), .extra_headers = extra_headers(config_.restapi)},
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
    tasks_.spawn("allowlist", keep_allowlist());
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
    auto goodbye = records_.say_goodbye(member_record(portrait(server)));
    auto said = co_await async::with_timeout(goodbye_limit, std::move(goodbye));
    if (!said) log::info("the member record could not be updated any more", {{"error", said.error()}});
  }
  if (!observer_.is_running() && sentinel_.is_connected()) {
    auto dismissed = sentinel_.dismiss();
    if (!dismissed) log::debug("the sentinel is gone already", {{"error", dismissed.error()}});
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

}  // namespace holdfast::agent
