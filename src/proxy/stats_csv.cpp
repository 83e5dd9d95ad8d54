#include <fmt/format.h>

#include <map>

#include "proxy/stats.hpp"

namespace holdfast::proxy {
namespace {

// HAProxy management guide, 9.1, in order; the first is written with "# " before it.
constexpr std::string_view columns =
    "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,"
    "weight,act,"
    "bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_"
    "max,"
    "check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,"
    "req_rate,"
    "req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,"
    "qtime,ctime,"
    "rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_"
    "health,"
    "agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,"
    "dcon,dses,"
    "wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,"
    "eint,"
    "idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_status_"
    "check,"
    "agg_check_status,srid,sess_other,h1_sess,h2_sess,h3_sess,req_other,h1req,h2req,h3req,proto,priv_idle_"
    "cur,reqbin,"
    "reqbout,resbin,resbout,cache_hint_hits,-";

using Row = std::map<std::string_view, std::string>;

std::string text(std::int64_t number) {
  return std::to_string(number);
}

// Free text as a CSV field (RFC 4180).
std::string quoted(std::string_view words) {
  if (words.find_first_of(",\"\n\r") == words.npos) return std::string{words};
  std::string out{"\""};
  for (const char c : words) out += c == '"' ? std::string{"\"\""} : std::string{c};
  return out + '"';
}

void print_row(const Row& row, std::string& out) {
  for (std::size_t from = 0; from < columns.size();) {
    const auto to = std::min(columns.find(',', from), columns.size());
    const auto found = row.find(columns.substr(from, to - from));
    if (found != row.end()) out += quoted(found->second);
    out += to == columns.size() ? '\n' : ',';
    from = to + 1;
  }
}

std::int64_t seconds_since(BootInstant then, BootInstant now) {
  return std::chrono::duration_cast<seconds>(now - then).count();
}

// UP: new clients of this listener may get it. DRAIN: it keeps those that it has.
std::string status_of(const route::Table& table, const route::Server& server, const route::Policy& policy,
                      BootInstant now) {
  if (server.name == table.gate.primary && table.gate.state != route::GateState::held) {
    const bool is_wanted = policy.target != route::Target::sync || policy.primary_as_fallback;
    if (!is_wanted) return "DOWN";
    return table.gate.takes_new(now) ? "UP" : "DRAIN";
  }
  if (policy.target == route::Target::primary) return "DOWN";
  const auto why = why_not_replica(table, server, policy);
  if (why.empty()) return "UP";
  return server.serving && server.role == route::Role::replica ? "DRAIN" : "DOWN";
}

struct Sums {
  std::int64_t total = 0, bytes_in = 0, bytes_out = 0, connect_errors = 0, retries = 0, client_aborts = 0,
               server_aborts = 0;
  int up = 0;
};

void fill_traffic(const Sums& sums, Row& row) {
  row["stot"] = text(sums.total);
  row["bin"] = text(sums.bytes_in);
  row["bout"] = text(sums.bytes_out);
  row["econ"] = text(sums.connect_errors);
  row["wretr"] = text(sums.retries);
  row["cli_abrt"] = text(sums.client_aborts);
  row["srv_abrt"] = text(sums.server_aborts);
  row["lbtot"] = text(sums.total);
}

void fill_times(const Times& times, Row& row) {
  const auto ms = [](nanoseconds span) {
    return text(std::chrono::duration_cast<milliseconds>(span).count());
  };
  row["qtime"] = ms(times.queue.mean());
  row["ctime"] = ms(times.connect.mean());
  row["rtime"] = row["rtime_max"] = "0";  // in tcp mode, says HAProxy
  row["ttime"] = ms(times.total.mean());
  row["qtime_max"] = ms(times.queue.longest());
  row["ctime_max"] = ms(times.connect.longest());
  row["ttime_max"] = ms(times.total.longest());
}

Sums sums_of(const Traffic& traffic) {
  return {.total = traffic.total.value(),
          .bytes_in = traffic.bytes_in.value(),
          .bytes_out = traffic.bytes_out.value(),
          .connect_errors = traffic.connect_errors.value(),
          .retries = traffic.retries.value(),
          .client_aborts = traffic.client_aborts.value(),
          .server_aborts = traffic.server_aborts.value()};
}

void add(const Sums& one, Sums& all) {
  all.total += one.total;
  all.bytes_in += one.bytes_in;
  all.bytes_out += one.bytes_out;
  all.connect_errors += one.connect_errors;
  all.retries += one.retries;
  all.client_aborts += one.client_aborts;
  all.server_aborts += one.server_aborts;
}

Row base_row(const ListenerSettings& listener, std::size_t index, std::string service, int type) {
  Row row{{"pxname", listener.name},
          {"svname", std::move(service)},
          {"type", text(type)},
          {"mode", "tcp"},
          {"pid", "1"},
          {"iid", text(static_cast<std::int64_t>(index) + 1)}};
  return row;
}

Row server_row(const Facts& facts, std::size_t index, std::size_t place) {
  const auto& [table, accounts, settings] = *facts.snapshot;
  const auto& server = table.servers[place];
  const auto& traffic = accounts[place]->by_listener[index];
  auto row = base_row(settings->listeners[index], index, server.name, 2);
  const auto& policy = settings->listeners[index].policy;
  fill_traffic(sums_of(traffic), row);
  fill_times(traffic.times, row);
  row["scur"] = row["used_conn_cur"] = text(traffic.sessions.now());
  row["smax"] = text(traffic.sessions.peak());
  row["slim"] = settings->server_maxconn > 0 ? text(settings->server_maxconn) : "";
  row["sid"] = text(static_cast<std::int64_t>(place) + 1);
  row["status"] = status_of(table, server, policy, facts.now);
  row["weight"] = row["uweight"] = row["act"] = "1";
  row["bck"] = "0";
  row["chkdown"] = text(accounts[place]->downs.load());
  row["lastchg"] = text(seconds_since(server.since, facts.now));
  const auto slash = server.check.find('/');
  row["check_status"] = facts.is_polled ? server.check.substr(0, slash) : server.serving ? "L7OK" : "L7STS";
  row["check_code"] = slash == std::string::npos ? "" : server.check.substr(slash + 1);
  row["last_chk"] = row["check_desc"] = server.serving ? std::string{to_string(server.role)} : server.why;
  row["addr"] = fmt::format("{}:{}", server.host, server.port);
  const BootInstant last{nanoseconds{traffic.last_session_ns.load(std::memory_order_relaxed)}};
  row["lastsess"] = last == BootInstant{} ? "-1" : text(seconds_since(last, facts.now));
  row["connect"] = row["stot"];
  return row;
}

Row frontend_row(const Facts& facts, std::size_t index, const Sums& sums) {
  const auto& listener = facts.snapshot->settings->listeners[index];
  const auto& account = facts.ledger->listener(index);
  auto row = base_row(listener, index, "FRONTEND", 0);
  row["sid"] = "0";
  row["scur"] = text(account.clients.now());
  row["smax"] = text(account.clients.peak());
  row["slim"] = text(listener.maxconn > 0 ? listener.maxconn : facts.snapshot->settings->maxconn);
  row["stot"] = row["conn_tot"] = text(account.accepted.value());
  row["bin"] = text(sums.bytes_in);
  row["bout"] = text(sums.bytes_out);
  row["dreq"] = text(account.rejected.value());
  row["ereq"] = text(account.hold_timeouts.value());
  row["dresp"] = row["dcon"] = row["dses"] = "0";
  row["status"] = facts.is_draining ? "STOP" : "OPEN";
  return row;
}

Row backend_row(const Facts& facts, std::size_t index, const Sums& sums) {
  const auto& listener = facts.snapshot->settings->listeners[index];
  const auto& account = facts.ledger->listener(index);
  auto row = base_row(listener, index, "BACKEND", 1);
  fill_traffic(sums, row);
  fill_times(account.times, row);
  row["sid"] = "0";
  row["qcur"] = text(account.waiting.now());
  row["qmax"] = text(account.waiting.peak());
  row["scur"] = text(account.sessions.now());
  row["smax"] = text(account.sessions.peak());
  row["slim"] = text(listener.maxconn > 0 ? listener.maxconn : facts.snapshot->settings->maxconn);
  row["status"] = sums.up > 0 ? "UP" : "DOWN";
  row["act"] = row["weight"] = row["uweight"] = text(sums.up);
  row["bck"] = "0";
  row["lastchg"] = text(seconds_since(facts.started_at, facts.now));
  row["algo"] = std::string{to_string(listener.policy.balance)};
  row["eresp"] = "0";
  return row;
}

}  // namespace

std::string print_csv(const Facts& facts) {
  std::string out = "# " + std::string{columns} + "\n";
  const auto& snapshot = *facts.snapshot;
  for (std::size_t i = 0; i < snapshot.settings->listeners.size(); ++i) {
    if (snapshot.settings->listeners[i].is_closed) continue;
    Sums sums;
    std::string rows;
    for (std::size_t place = 0; place < snapshot.table.servers.size(); ++place) {
      const auto row = server_row(facts, i, place);
      add(sums_of(snapshot.accounts[place]->by_listener[i]), sums);
      sums.up += row.at("status") == "UP" ? 1 : 0;
      print_row(row, rows);
    }
    print_row(frontend_row(facts, i, sums), out);
    out += rows;
    print_row(backend_row(facts, i, sums), out);
  }
  return out;
}

}  // namespace holdfast::proxy
