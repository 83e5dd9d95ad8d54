#include "proxy/stats.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/version.hpp"

namespace holdfast::proxy {
namespace {

namespace json = boost::json;

std::int64_t ms_between(BootInstant from, BootInstant to) {
  return std::chrono::duration_cast<milliseconds>(to - from).count();
}

json::object gate_object(const Facts& facts) {
  const auto& gate = facts.snapshot->table.gate;
  json::object object{{"state", to_string(gate.state)},
                      {"primary", gate.primary},
                      {"epoch", gate.epoch.value},
                      {"why", gate.why}};
  const bool has_proof = gate.state != route::GateState::held && gate.until != BootInstant::max();
  if (has_proof) object["proof_left_ms"] = ms_between(facts.now, gate.until);
  return object;
}

json::object server_object(const Facts& facts, std::size_t place) {
  const auto& server = facts.snapshot->table.servers[place];
  const auto& account = *facts.snapshot->accounts[place];
  json::object object{{"name", server.name},
                      {"host", server.host},
                      {"port", server.port},
                      {"role", to_string(server.role)},
                      {"serving", server.serving},
                      {"draining", server.draining},
                      {"synchronous", server.synchronous},
                      {"timeline", server.timeline},
                      {"why", server.why},
                      {"check", server.check},
                      {"since_ms", ms_between(server.since, facts.now)},
                      {"connections", account.connections.now()}};
  if (server.lag_bytes) object["lag_bytes"] = *server.lag_bytes;
  if (server.lag_time) object["lag_ms"] = server.lag_time->count();
  json::object cuts;
  for (std::size_t cause = 0; cause < cut_causes; ++cause) {
    std::int64_t sum = 0;
    for (const auto& traffic : account.by_listener) sum += traffic.cuts[cause].value();
    cuts[to_string(static_cast<route::CutCause>(cause))] = sum;
  }
  object["cut"] = std::move(cuts);
  return object;
}

json::object listener_object(const Facts& facts, std::size_t index) {
  const auto& listener = facts.snapshot->settings->listeners[index];
  const auto& account = facts.ledger->listener(index);
  return {{"name", listener.name},
          {"bind", listener.bind.host},
          {"port", facts.ports[index]},
          {"target", listener.target()},
          {"state", listener.is_closed ? "closed" : "open"},
          {"mode", "tcp"},
          {"balance", to_string(listener.policy.balance)},
          {"clients", account.clients.now()},
          {"connected", account.sessions.now()},
          {"waiting", account.waiting.now()},
          {"waiting_peak", account.waiting.peak()},
          {"accepted_total", account.accepted.value()},
          {"held_total", account.held.value()},
          {"hold_timeouts_total", account.hold_timeouts.value()},
          {"rejected_total", account.rejected.value()},
          {"gone_while_waiting_total", account.gone.value()},
          {"hold_timeout_ms", listener.hold_timeout.count()}};
}

http::Response page(std::string body, std::string content_type) {
  return {.status = 200, .body = std::move(body), .content_type = std::move(content_type)};
}

// Alive and taking clients: what a load balancer in front asks.
http::Response health(const Facts& facts) {
  const bool is_up = !facts.is_draining;
  json::object body{{"status", is_up ? "running" : "draining"},
                    {"gate", to_string(facts.snapshot->table.gate.state)}};
  return {.status = is_up ? 200 : 503, .body = json::serialize(body)};
}

}  // namespace

std::string print_status(const Facts& facts) {
  json::array servers;
  for (std::size_t i = 0; i < facts.snapshot->table.servers.size(); ++i)
    servers.push_back(server_object(facts, i));
  json::array listeners;
  for (std::size_t i = 0; i < facts.snapshot->settings->listeners.size(); ++i) {
    const bool is_closed = facts.snapshot->settings->listeners[i].is_closed;
    if (is_closed && facts.ledger->listener(i).clients.now() == 0) continue;  // its last client has gone
    listeners.push_back(listener_object(facts, i));
  }
  const json::object status{{"name", facts.name},
                            {"scope", facts.scope},
                            {"version", version},
                            {"state", facts.is_draining ? "draining" : "running"},
                            {"discovery", facts.is_polled ? "poll" : "dcs"},
                            {"uptime_ms", ms_between(facts.started_at, facts.now)},
                            {"gate", gate_object(facts)},
                            {"servers", std::move(servers)},
                            {"listeners", std::move(listeners)},
                            {"connections", facts.ledger->sessions.now()},
                            {"connections_peak", facts.ledger->sessions.peak()},
                            {"maxconn", facts.snapshot->settings->maxconn},
                            {"waiting", facts.ledger->waiting.now()},
                            {"accept_pauses_total", facts.ledger->accept_pauses.value()}};
  return json::serialize(status);
}

http::Response answer_stats(const http::Request& request, const Facts& facts) {
  if (request.method != "GET" && request.method != "HEAD") return {.status = 405};
  const auto& path = request.path;
  if (path == "/metrics") return page(print_metrics(facts), "text/plain; version=0.0.4");
  if (path == "/;csv" || path == "/stats;csv") return page(print_csv(facts), "text/plain");
  if (path == "/status" || path == "/") return page(print_status(facts), "application/json");
  if (path == "/health") return health(facts);
  return {.status = 404, .body = R"({"error":"try /status, /metrics, /;csv or /health"})"};
}

}  // namespace holdfast::proxy
