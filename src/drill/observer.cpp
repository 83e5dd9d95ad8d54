#include "drill/observer.hpp"

#include <algorithm>

#include "async/with_timeout.hpp"
#include "dcs/cluster.hpp"
#include "dcs/etcd/store.hpp"

namespace holdfast::drill {
namespace {

constexpr milliseconds agent_every = 200ms;
constexpr milliseconds postgres_every = 50ms;
constexpr milliseconds proxy_every = 100ms;
constexpr milliseconds store_every = 100ms;
constexpr milliseconds etcd_every = 1s;
constexpr milliseconds answer_within = 500ms;

dcs::EtcdOptions etcd_options(const Places& places) {
  return {.endpoints = places.etcd, .request_timeout = 1s, .try_timeout = 300ms, .learn_members = false};
}

}  // namespace

Observer::Observer(const asio::any_io_executor& executor, Places places)
    : places_{std::move(places)},
      http_{executor, places_.http},
      etcd_http_{executor},
      store_{std::make_unique<dcs::EtcdStore>(executor, etcd_options(places_))} {
  for (const auto& member : places_.members) seen_.members.push_back({.name = member.name});
  for (const auto& proxy : places_.proxies) seen_.proxies.push_back({.name = proxy.name});
  for (const auto& vip : places_.vips) seen_.vips.push_back({.name = vip.name});
  seen_.etcd_members = places_.etcd.size();
  etcd_up_.resize(places_.etcd.size());
}

Observer::~Observer() = default;

void Observer::start(async::TaskGroup& tasks) {
  tasks.spawn("observing the leader key", watch_store());
  for (std::size_t i = 0; i < places_.etcd.size(); ++i) tasks.spawn("observing etcd", watch_etcd_member(i));
  for (std::size_t i = 0; i < places_.members.size(); ++i) {
    tasks.spawn("observing an agent", watch_agent(i));
    tasks.spawn("observing a server", watch_postgres(i));
  }
  for (std::size_t i = 0; i < places_.proxies.size(); ++i) tasks.spawn("observing a proxy", watch_proxy(i));
  for (std::size_t i = 0; i < places_.vips.size(); ++i) tasks.spawn("observing a vip", watch_vip(i));
}

void Observer::note(const std::string& lane, State state) {
  const auto now = BootClock::now();
  const std::string text = state.text;
  const auto& lanes = chronicle_.lanes();
  const bool is_first =
      std::none_of(lanes.begin(), lanes.end(), [&](const Lane& known) { return known.name == lane; });
  if (chronicle_.set(lane, std::move(state.text), state.tone, now) && !is_first)
    chronicle_.tell(lane + ": " + text, now);
}

void Observer::note_leader(const std::string& leader) {
  seen_.leader = leader;
  if (leader.empty())
    note("leader lock", {"nobody's", Tone::bad});
  else
    note("leader lock", {leader, Tone::good});
}

awaitable<void> Observer::watch_agent(std::size_t index) {
  const MemberPlace place = places_.members[index];
  for (;;) {
    auto answer =
        co_await http_.request(http::with_target(place.rest, "/patroni"), http::get_request(), answer_within);
    auto& seen = seen_.members[index];
    const auto writable = seen.writable;
    if (answer)
      seen = parse_member(place.name, answer->body);
    else
      seen.agent_answers = false;
    seen.writable = writable;
    note(place.name, state_of(seen));
    co_await async::sleep_for(agent_every);
  }
}

awaitable<Result<void>> Observer::ask_recovery(std::size_t index, std::optional<Connection>& connection) {
  const MemberPlace& place = places_.members[index];
  if (!connection) {
    auto connected = co_await Connection::connect(place.postgres, places_.login);
    if (!connected) co_return tl::unexpected(connected.error());
    connection = std::move(*connected);
  }
  const auto asked = BootClock::now();
  auto rows =
      co_await connection->query("SELECT NOT pg_is_in_recovery(), timeline_id FROM pg_control_checkpoint()");
  if (!rows) co_return tl::unexpected(rows.error());
  const bool writable = !rows->empty() && (*rows)[0][0] == "t";
  const auto timeline = rows->empty() ? 0UL : std::strtoul((*rows)[0][1].c_str(), nullptr, 10);
  writers_.add(place.name, {asked, BootClock::now(), writable, static_cast<Timeline>(timeline)});
  seen_.members[index].writable = writable;
  co_return Result<void>{};
}

awaitable<void> Observer::watch_postgres(std::size_t index) {
  std::optional<Connection> connection;
  for (;;) {
    auto asking = ask_recovery(index, connection);
    auto asked = co_await async::with_timeout(answer_within, std::move(asking));
    if (!asked) {
      connection.reset();
      writers_.lose(places_.members[index].name);
      seen_.members[index].writable.reset();
    }
    note(places_.members[index].name, state_of(seen_.members[index]));
    co_await async::sleep_for(postgres_every);
  }
}

awaitable<void> Observer::watch_proxy(std::size_t index) {
  const ProxyPlace place = places_.proxies[index];
  for (;;) {
    auto answer =
        co_await http_.request(http::with_target(place.stats, "/status"), http::get_request(), answer_within);
    auto& seen = seen_.proxies[index];
    if (answer)
      seen = parse_proxy(place.name, answer->body);
    else
      seen.answers = false;
    note(place.name, state_of(seen));
    co_await async::sleep_for(proxy_every);
  }
}

awaitable<void> Observer::watch_vip(std::size_t index) {
  const VipPlace place = places_.vips[index];
  for (;;) {
    auto answer =
        co_await http_.request(http::with_target(place.stats, "/vip"), http::get_request(), answer_within);
    auto& seen = seen_.vips[index];
    if (answer)
      seen = parse_vip(place.name, answer->body);
    else
      seen.answers = false;
    note(place.name + " vip", state_of(seen));
    co_await async::sleep_for(proxy_every);
  }
}

awaitable<void> Observer::watch_store() {
  const dcs::Keys keys{places_.space, places_.scope};
  for (;;) {
    auto snapshot = co_await store_->range(keys.leader());
    seen_.dcs_answers = snapshot.has_value();
    if (snapshot) {
      const auto cluster = dcs::parse_cluster(keys, *snapshot);
      note_leader(cluster.leader ? cluster.leader->name : "");
      note("etcd", {"answers", Tone::good});
    } else {
      note("etcd", {"does not answer", Tone::bad});
    }
    co_await async::sleep_for(store_every);
  }
}

awaitable<void> Observer::watch_etcd_member(std::size_t index) {
  const http::Url health = http::with_target(places_.etcd[index], "/health");
  for (;;) {
    auto answer = co_await etcd_http_.request(health, http::get_request(), etcd_every);
    etcd_up_[index] = answer.has_value() && answer->status == 200;
    seen_.etcd_up = static_cast<std::size_t>(std::count(etcd_up_.begin(), etcd_up_.end(), true));
    co_await async::sleep_for(etcd_every);
  }
}

}  // namespace holdfast::drill
