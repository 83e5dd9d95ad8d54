#include "proxy/poll_discovery.hpp"

#include <boost/json/parse.hpp>

#include "base/log.hpp"
#include "dcs/cluster.hpp"

namespace holdfast::proxy {
namespace {

std::int64_t number_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (!value) return 0;
  return value->is_int64() ? value->as_int64() : 0;
}

// HAProxy's name for what went wrong below HTTP.
std::string check_of(const Error& error) {
  if (error.code == Errc::timed_out) return "L4TOUT";
  return error.code == Errc::bad_message ? "L7RSP" : "L4CON";
}

}  // namespace

void read_patroni_status(std::string_view body, route::CheckSeen& seen) {
  const auto status = dcs::parse_json_object(body);
  if (!status) return;
  seen.timeline = static_cast<Timeline>(number_of(*status, "timeline"));
  const auto* sync = status->if_contains("sync_standby");
  seen.synchronous = sync && sync->is_bool() && sync->as_bool();
  const auto* xlog = status->if_contains("xlog");
  if (!xlog || !xlog->is_object()) return;
  const auto* key = seen.primary_ok ? "location" : "replayed_location";
  seen.position = Lsn{static_cast<std::uint64_t>(number_of(xlog->as_object(), key))};
}

PollDiscovery::PollDiscovery(const asio::any_io_executor& executor, PollOptions options)
    : options_{std::move(options)}, client_{executor, options_.client}, tasks_{executor} {}

void PollDiscovery::start(EventSink sink) {
  sink_ = std::move(sink);
  for (const auto& server : options_.servers) tasks_.spawn("poll " + server.name, keep_asking(server));
}

awaitable<void> PollDiscovery::stop() {
  sink_ = nullptr;
  co_await tasks_.stop();
}

awaitable<void> PollDiscovery::keep_asking(config::PolledServer server) {
  for (;;) {
    const auto started = BootClock::now();
    auto seen = co_await ask(server);
    if (sink_) sink_(std::move(seen));
    co_await async::sleep_until(started + options_.inter);
  }
}

awaitable<route::CheckSeen> PollDiscovery::ask(config::PolledServer server) {
  route::CheckSeen seen;
  seen.server = {.name = server.name, .host = server.host, .port = static_cast<std::uint16_t>(server.port)};
  auto answer = co_await get(server, "/primary");
  if (answer) {
    seen.primary_ok = answer->status == 200;
    if (!seen.primary_ok) answer = co_await get(server, "/replica");
  }
  if (!answer) {
    seen.check = check_of(answer.error());
    seen.why = to_string(answer.error());
    co_return seen;
  }
  seen.replica_ok = !seen.primary_ok && answer->status == 200;
  const bool is_up = seen.primary_ok || seen.replica_ok;
  seen.check = fmt::format("{}/{}", is_up ? "L7OK" : "L7STS", answer->status);
  if (!is_up) seen.why = fmt::format("GET /replica answers {}", answer->status);
  read_patroni_status(answer->body, seen);
  co_return seen;
}

awaitable<Result<http::Response>> PollDiscovery::get(config::PolledServer server, std::string target) {
  http::Url url{.tls = options_.tls, .target = std::move(target)};
  url.endpoint = {server.host, static_cast<std::uint16_t>(server.check_port)};
  auto request = http::get_request();
  co_return co_await client_.request(std::move(url), std::move(request), options_.inter);
}

}  // namespace holdfast::proxy
