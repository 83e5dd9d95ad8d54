#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "proxy/stats.hpp"

namespace holdfast::proxy {
namespace {

using Row = std::map<std::string, std::string>;

// "show stat", as HAProxy's management guide lists it (9.1); releases add at the end.
constexpr std::string_view haproxy_columns =
    "# "
    "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,"
    "weight,"
    "act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,"
    "rate_max,"
    "check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,"
    "req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,"
    "last_agt,"
    "qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_"
    "fall,"
    "check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,"
    "intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,"
    "rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_"
    "status,"
    "agg_server_status_check,agg_check_status,srid,sess_other,h1_sess,h2_sess,h3_sess,req_other,h1req,h2req,"
    "h3req,"
    "proto,priv_idle_cur,reqbin,reqbout,resbin,resbout,cache_hint_hits,-";

std::vector<std::string> cut(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in{line};
  for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
  if (line.ends_with(',')) fields.emplace_back();
  return fields;
}

// One listener "write" that leads to pg1.
struct CsvStats : ::testing::Test {
  Ledger ledger;
  Snapshot snapshot;

  CsvStats() {
    Settings settings;
    settings.listeners.push_back({.name = "write", .bind = {"*", 5000}});
    snapshot.settings = std::make_shared<const Settings>(settings);
    snapshot.table.servers.push_back({.name = "pg1", .host = "10.0.1.11", .port = 5432});
    snapshot.accounts.push_back(ledger.server("pg1"));
  }
  Traffic& traffic() { return snapshot.accounts[0]->by_listener[0]; }

  std::string page() {
    return print_csv({.now = BootInstant{} + 1h, .snapshot = &snapshot, .ledger = &ledger, .ports = {5000}});
  }
  // By their svname.
  std::map<std::string, Row> rows() {
    std::istringstream in{page()};
    std::string line;
    std::getline(in, line);
    const auto names = cut(line.substr(2));
    std::map<std::string, Row> all;
    while (std::getline(in, line)) {
      const auto fields = cut(line);
      EXPECT_EQ(fields.size(), names.size()) << line;
      Row row;
      for (std::size_t i = 0; i < std::min(fields.size(), names.size()); ++i) row[names[i]] = fields[i];
      all[row["svname"]] = row;
    }
    return all;
  }
};

TEST_F(CsvStats, have_haproxys_columns_in_haproxys_order) {
  const auto text = page();
  EXPECT_EQ(text.substr(0, text.find('\n')), haproxy_columns);
}

TEST_F(CsvStats, have_a_frontend_a_row_each_server_and_a_backend) {
  auto all = rows();
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all["FRONTEND"]["type"], "0");
  EXPECT_EQ(all["BACKEND"]["type"], "1");
  EXPECT_EQ(all["pg1"]["type"], "2");
  EXPECT_EQ(all["pg1"]["pxname"], "write");
}

TEST_F(CsvStats, tell_the_mean_times_in_milliseconds_and_the_longest) {
  for (const auto span : {10ms, 20ms, 60ms}) {
    traffic().times.queue.add(span);
    traffic().times.connect.add(span / 10);
    traffic().times.total.add(span * 100);
  }
  auto row = rows()["pg1"];
  EXPECT_EQ(row["qtime"], "30");
  EXPECT_EQ(row["ctime"], "3");
  EXPECT_EQ(row["ttime"], "3000");
  EXPECT_EQ(row["qtime_max"], "60");
  EXPECT_EQ(row["ctime_max"], "6");
  EXPECT_EQ(row["ttime_max"], "6000");
}

TEST_F(CsvStats, tell_the_times_of_the_backend_over_all_servers) {
  ledger.listener(0).times.total.add(7ms);
  EXPECT_EQ(rows()["BACKEND"]["ttime"], "7");
  EXPECT_EQ(rows()["pg1"]["ttime"], "0");
}

TEST_F(CsvStats, have_no_response_time_in_tcp_mode_and_none_for_frontends) {
  EXPECT_EQ(rows()["pg1"]["rtime"], "0");
  EXPECT_EQ(rows()["FRONTEND"]["qtime"], "");
}

TEST_F(CsvStats, leave_out_a_listener_that_a_reload_took_away) {
  auto settings = *snapshot.settings;
  settings.listeners[0].is_closed = true;
  snapshot.settings = std::make_shared<const Settings>(settings);
  EXPECT_TRUE(rows().empty());
}

TEST(Average, is_the_mean_of_what_there_is_at_first) {
  Average average;
  EXPECT_EQ(average.mean(), 0ns);
  average.add(10ms);
  average.add(20ms);
  EXPECT_EQ(average.mean(), 15ms);
}

TEST(Average, forgets_what_is_long_ago) {
  Average average;
  for (int i = 0; i < 1024; ++i) average.add(1s);
  EXPECT_EQ(average.mean(), 1s);
  for (int i = 0; i < 10 * 1024; ++i) average.add(1ms);
  EXPECT_LT(average.mean(), 2ms);
  EXPECT_GE(average.mean(), 1ms);
  EXPECT_EQ(average.longest(), 1s);
}

}  // namespace
}  // namespace holdfast::proxy
