#include <fmt/format.h>

#include <functional>

#include "base/exposition.hpp"
#include "proxy/stats.hpp"

namespace holdfast::proxy {
namespace {

using OfListener = std::function<std::int64_t(const ListenerAccount&)>;
using OfTraffic = std::function<std::int64_t(const Traffic&)>;

void print_listeners(const Facts& facts, Family family, const OfListener& value) {
  const auto& listeners = facts.snapshot->settings->listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    if (listeners[i].is_closed) continue;
    family.add(print_labels({{"proxy", listeners[i].name}}), value(facts.ledger->listener(i)));
  }
}

template <class Value>
void print_traffic(const Facts& facts, Family family, const Value& value) {
  const auto& snapshot = *facts.snapshot;
  for (std::size_t i = 0; i < snapshot.settings->listeners.size(); ++i) {
    if (snapshot.settings->listeners[i].is_closed) continue;
    for (std::size_t place = 0; place < snapshot.accounts.size(); ++place) {
      family.add(print_labels({{"proxy", snapshot.settings->listeners[i].name},
                               {"server", snapshot.table.servers[place].name}}),
                 value(snapshot.accounts[place]->by_listener[i]));
    }
  }
}

// HAProxy's, of the last 1024 clients that ended.
void print_times(const Facts& facts, std::string& out) {
  const auto servers = [&](const char* name, const char* help, Average Times::* which) {
    print_traffic(facts,
                  Family{out, fmt::format("haproxy_server_{}_time_average_seconds", name), "gauge", help},
                  [which](const Traffic& traffic) { return (traffic.times.*which).mean(); });
  };
  servers("queue", "Mean wait for a server.", &Times::queue);
  servers("connect", "Mean time to connect to it.", &Times::connect);
  servers("total", "Mean time from accept to the end.", &Times::total);
}

void print_gate(const Facts& facts, std::string& out) {
  const auto& gate = facts.snapshot->table.gate;
  Family state{out, "holdfast_proxy_gate_open", "gauge",
               "1 while new connections to the primary are allowed."};
  state.add(gate.takes_new(facts.now) ? 1 : 0);
  Family{out, "holdfast_proxy_epoch", "gauge", "Epoch of the primary that is, or was last, served."}.add(
      gate.epoch.value);
  Family serving{out, "holdfast_proxy_server_serving", "gauge",
                 "1 while the server accepts connections, by role."};
  for (const auto& server : facts.snapshot->table.servers) {
    serving.add(print_labels({{"server", server.name}, {"role", to_string(server.role)}}),
                server.serving ? 1 : 0);
  }
  Family lag{out, "holdfast_proxy_server_lag_bytes", "gauge", "Bytes that a replica is behind the primary."};
  for (const auto& server : facts.snapshot->table.servers) {
    if (server.lag_bytes) lag.add(print_labels({{"server", server.name}}), *server.lag_bytes);
  }
}

void print_cuts(const Facts& facts, std::string& out) {
  const auto& snapshot = *facts.snapshot;
  Family family{out, "holdfast_proxy_cut_connections_total", "counter",
                "Connections that the proxy ended, by cause."};
  for (std::size_t place = 0; place < snapshot.accounts.size(); ++place) {
    for (std::size_t cause = 0; cause < cut_causes; ++cause) {
      std::int64_t sum = 0;
      for (const auto& traffic : snapshot.accounts[place]->by_listener) sum += traffic.cuts[cause].value();
      family.add(print_labels({{"server", snapshot.table.servers[place].name},
                               {"cause", to_string(static_cast<route::CutCause>(cause))}}),
                 sum);
    }
  }
}

}  // namespace

std::string print_metrics(const Facts& facts) {
  std::string out;
  const auto listeners = [&](const char* name, const char* type, const char* help, const OfListener& value) {
    print_listeners(facts, Family{out, name, type, help}, value);
  };
  const auto servers = [&](const char* name, const char* type, const char* help, const OfTraffic& value) {
    print_traffic(facts, Family{out, name, type, help}, value);
  };
  using L = const ListenerAccount&;
  using T = const Traffic&;
  listeners("haproxy_frontend_current_sessions", "gauge", "Clients connected.",
            [](L l) { return l.clients.now(); });
  listeners("haproxy_frontend_max_sessions", "gauge", "Most clients at once.",
            [](L l) { return l.clients.peak(); });
  listeners("haproxy_frontend_connections_total", "counter", "Clients accepted.",
            [](L l) { return l.accepted.value(); });
  listeners("haproxy_backend_current_sessions", "gauge", "Clients with a server.",
            [](L l) { return l.sessions.now(); });
  listeners("haproxy_backend_current_queue", "gauge", "Clients that wait.",
            [](L l) { return l.waiting.now(); });
  listeners("haproxy_backend_max_queue", "gauge", "Most that waited at once.",
            [](L l) { return l.waiting.peak(); });
  listeners("holdfast_proxy_held_total", "counter", "Clients that had to wait because no server could serve.",
            [](L l) { return l.held.value(); });
  listeners("holdfast_proxy_hold_timeouts_total", "counter", "Clients told that no server came in time.",
            [](L l) { return l.hold_timeouts.value(); });
  listeners("holdfast_proxy_rejected_total", "counter", "Clients told that there are too many connections.",
            [](L l) { return l.rejected.value(); });
  listeners("holdfast_proxy_gone_while_waiting_total", "counter", "Clients that hung up while they waited.",
            [](L l) { return l.gone.value(); });
  servers("haproxy_server_current_sessions", "gauge", "Connections.", [](T t) { return t.sessions.now(); });
  servers("haproxy_server_max_sessions", "gauge", "Most at once.", [](T t) { return t.sessions.peak(); });
  servers("haproxy_server_sessions_total", "counter", "Clients relayed.",
          [](T t) { return t.total.value(); });
  servers("haproxy_server_bytes_in_total", "counter", "Bytes from clients.",
          [](T t) { return t.bytes_in.value(); });
  servers("haproxy_server_bytes_out_total", "counter", "Bytes to clients.",
          [](T t) { return t.bytes_out.value(); });
  servers("haproxy_server_connection_errors_total", "counter", "Failed attempts to connect.",
          [](T t) { return t.connect_errors.value(); });
  servers("haproxy_server_client_aborts_total", "counter", "Ended by a failure of the client's side.",
          [](T t) { return t.client_aborts.value(); });
  servers("haproxy_server_server_aborts_total", "counter", "Ended by a failure of the server's side.",
          [](T t) { return t.server_aborts.value(); });
  print_times(facts, out);
  print_cuts(facts, out);
  print_gate(facts, out);
  Family{out, "holdfast_proxy_accept_pauses_total", "counter", "Times that no file descriptor was left."}.add(
      facts.ledger->accept_pauses.value());
  return out;
}

}  // namespace holdfast::proxy
