
#include "config/problems.hpp"

#include "fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(Problems, name_the_place_the_path_the_nearest_key_and_what_is_allowed) {
  EXPECT_EQ(problems_of(full_form + "watchdog: {mdoe: off}\n"),
            "pg.yml:8: error: watchdog.mdoe: unknown key; did you mean 'mode'? (allowed: mode, device, "
            "safety_margin, driver)");
}

TEST(Problems, are_all_found_in_one_run_in_the_order_of_the_file) {
  EXPECT_EQ(
      problems_of(
          "scope: s\nwatchdog: {safety_margin: soon}\nrestapi: {listen: nowhere}\nctl: {insecure: maybe}\n"),
      "pg.yml:2: error: watchdog.safety_margin: expects a time such as 10s, 500ms or 5min; got 'soon'\n"
      "pg.yml:3: error: restapi.listen: expects an address with a port: 'nowhere' has no port (as in "
      "nowhere:5432)\n"
      "pg.yml:4: error: ctl.insecure: expects true or false; got 'maybe'");
}

TEST(Problems, say_nothing_of_a_word_that_is_far_from_every_key) {
  EXPECT_THAT(
      problems_of(full_form + "watchdog: {colour: red}\n"),
      HasSubstr(
          "pg.yml:8: error: watchdog.colour: unknown key (allowed: mode, device, safety_margin, driver)"));
}

struct Case {
  const char* name;
  std::string yaml;
  std::string text;
};
std::ostream& operator<<(std::ostream& out, const Case& each) {
  return out << each.name;
}

class WrongValue : public testing::TestWithParam<Case> {};

TEST_P(WrongValue, is_refused_in_words) {
  EXPECT_EQ(problems_of(full_form + GetParam().yaml), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Load, WrongValue,
    testing::Values(
        Case{"integer", "log: {file_num: many}\n",
             "pg.yml:8: error: log.file_num: expects an integer; got 'many'"},
        Case{"size", "log: {file_size: big}\n",
             "pg.yml:8: error: log.file_size: expects a size such as 1048576, 16MB or 1GB; got 'big'"},
        Case{"word", "watchdog: {mode: maybe}\n",
             "pg.yml:8: error: watchdog.mode: expects one of off, automatic, required; got 'maybe'"},
        Case{"level", "log: {level: LOUD}\n",
             "pg.yml:8: error: log.level: expects one of DEBUG, INFO, WARNING, ERROR, CRITICAL; got 'LOUD'"},
        Case{"list", "proxy: {listeners: all}\n",
             "pg.yml:8: error: proxy.listeners: expects a list; got 'all'"},
        Case{"map", "tags: yes\n", "pg.yml:8: error: tags: expects a map of keys; got 'yes'"},
        Case{"string", "log: {dir: [a]}\n", "pg.yml:8: error: log.dir: expects a string; got a list"},
        Case{"strings", "  pg_hba: {a: b}\n",
             "pg.yml:8: error: postgresql.pg_hba: expects a list of strings; got a map"},
        Case{"string_map", "  parameters: [a]\n",
             "pg.yml:8: error: postgresql.parameters: expects a map of names to strings; got a list"},
        Case{"below", "bootstrap: {dcs: {ttl: 5}}\n",
             "pg.yml:8: error: bootstrap.dcs.ttl: '5' is too low (allowed: 20s to 1d)\n"
             "pg.yml:8: warning: bootstrap.dcs: loop_wait + 2*retry_timeout must not be more than ttl (20s): "
             "loop_wait goes "
             "from 10s to 1s, retry_timeout from 10s to 9s"},
        Case{"above", "log: {file_num: 5000}\n",
             "pg.yml:8: error: log.file_num: '5000' is too high (allowed: 0 to 1000)"},
        Case{"port", "  connect_address: pg1:99999\n",
             "pg.yml:8: error: postgresql.connect_address: expects an address with a port: 'pg1:99999' has "
             "no port between "
             "1 and 65535"},
        Case{"ipv6", "  connect_address: ::1:5432\n",
             "pg.yml:8: error: postgresql.connect_address: expects an address with a port: '::1:5432': an "
             "IPv6 address goes "
             "in brackets, as in [::1]:5432"},
        Case{
            "mode", "proxy:\n  listeners:\n    - bind: '*:5000'\n      mode: transaction\n",
            "pg.yml:11: error: proxy.listeners[0].mode: 'transaction' is not in this version (allowed: tcp)"},
        Case{"lag", "proxy: {listeners: [{bind: '*:5000', max_lag: much}]}\n",
             "pg.yml:8: error: proxy.listeners[0].max_lag: expects a size such as 16MB, or a time such as "
             "10s; got 'much'"},
        Case{"consul", "consul: {host: x}\n",
             "pg.yml:8: error: consul: only etcd is supported as consensus store: use 'etcd3'"},
        Case{"citus", "citus: {group: 0}\n",
             "pg.yml:8: error: citus: Citus clusters are not supported by this version"},
        Case{"alias", "bootstrap: {post_init: a, post_bootstrap: b}\n",
             "pg.yml:8: error: bootstrap.post_init: means the same as 'post_bootstrap', which is set too"},
        Case{"two_stores", "etcd: {host: a}\n",
             "pg.yml:8: error: etcd: means the same as 'etcd3', which is set too"},
        Case{"logical_slot", "bootstrap: {dcs: {slots: {a: {type: logical}}}}\n",
             "pg.yml:8: error: bootstrap.dcs.slots.a: a logical slot needs both 'database' and 'plugin'\n"
             "pg.yml:8: warning: bootstrap.dcs.slots: is accepted for compatibility and has no effect in "
             "this version"},
        Case{"role", "roles: [agnet]\n",
             "pg.yml:8: error: roles[0]: expects one of agent, proxy, vip, etcd; got 'agnet'"},
        Case{"twice", "scope: other\n", "pg.yml:8: error: scope: is given twice; first at pg.yml:1"},
        Case{"leader_ttl", "bootstrap: {dcs: {ttl: 20, leader_ttl: 30s, loop_wait: 1, retry_timeout: 3}}\n",
             "pg.yml:8: error: bootstrap.dcs: leader_ttl (30s) must not be longer than ttl (20s)"},
        Case{"drop_after", "bootstrap: {dcs: {heartbeat_interval: 300ms}}\n",
             "pg.yml:8: error: bootstrap.dcs: standby_drop_after (400ms) must be at least twice "
             "heartbeat_interval (300ms)"},
        Case{"secret_file", "ctl: {authentication: {username: u, password: {file: /nowhere/at/all}}}\n",
             "pg.yml:8: error: ctl.authentication.password: the password file '/nowhere/at/all' can't be "
             "read or is empty"}),
    [](const auto& info) { return info.param.name; });

class ImpossibleCombination : public testing::TestWithParam<Case> {};

TEST_P(ImpossibleCombination, is_refused_in_words) {
  EXPECT_EQ(problems_of(GetParam().yaml), GetParam().text);
}

const std::string proxy_form = "scope: s\netcd3: {host: a}\nproxy:\n";

INSTANTIATE_TEST_SUITE_P(
    Load, ImpossibleCombination,
    testing::Values(
        Case{"scope", "name: a\n", "pg.yml: error: scope: is not set: it is the name of the cluster"},
        Case{"slash", "scope: a/b\n", "pg.yml:1: error: scope: 'a/b' must not contain '/'"},
        Case{"reserved", "scope: s\nname: __patroni_strict_sync_replica_placeholder__\n",
             "pg.yml:2: error: name: '__patroni_strict_sync_replica_placeholder__' is reserved"},
        Case{"agent_alone", "scope: s\nname: a\npostgresql: {}\n",
             "pg.yml: error: restapi.connect_address: is not set, and restapi.listen is not one address to "
             "connect to\n"
             "pg.yml: error: etcd3: names no etcd: set etcd3.hosts (or host, url, srv)\n"
             "pg.yml:3: error: postgresql.listen: is not set: say where PostgreSQL listens, as in "
             "10.0.1.11:5432"},
        Case{"wildcard",
             "scope: s\nname: a\netcd3: {host: a}\nrestapi: {listen: 'h:8008'}\npostgresql: {listen: "
             "'*:5432'}\n",
             "pg.yml:5: error: postgresql.connect_address: is not set, and postgresql.listen is not one "
             "address to connect to"},
        Case{"watchdog", full_form + "watchdog: {mode: required, safety_margin: 25}\n",
             "pg.yml:8: error: watchdog.safety_margin: '25s' leaves the watchdog 5s (ttl 30s), less than "
             "loop_wait (10s): it "
             "would fire in good times"},
        Case{"verify_client", full_form + "restapi: \n",
             "pg.yml:8: error: restapi: is given twice; first at pg.yml:4"},
        Case{"method", full_form + "bootstrap: {method: clone}\n",
             "pg.yml:8: warning: bootstrap.method: is accepted for compatibility and has no effect in this "
             "version\n"
             "pg.yml:8: error: bootstrap.method: names 'clone', but bootstrap.clone.command is not set"},
        Case{
            "etcd_tls",
            "scope: s\nname: a\netcd_server:\n  cert: /c\n  key: /k\n  client_cert_auth: true\n"
            "  listen_client_urls: [https://10.0.0.1:2379]\n  advertise_client_urls: [http://10.0.0.1:2379]\n"
            "  listen_peer_urls: [http://10.0.0.1:2380]\n",
            "pg.yml:4: error: etcd_server.cert: needs clients that speak TLS: set etcd3.protocol to https\n"
            "pg.yml:6: error: etcd_server.client_cert_auth: needs etcd_server.cacert to check certificates "
            "against\n"
            "pg.yml:8: error: etcd_server.advertise_client_urls: 'http://10.0.0.1:2379' does not fit: URLs "
            "are "
            "https with etcd_server.cert"},
        Case{"replica_method", full_form + "  create_replica_methods: [wal_g]\n",
             "pg.yml:8: warning: postgresql.create_replica_methods: is accepted for compatibility and has no "
             "effect in this version\n"
             "pg.yml:8: error: postgresql.create_replica_methods: names 'wal_g', but "
             "postgresql.wal_g.command is not set"},
        Case{"initdb", full_form + "bootstrap: {initdb: [pgdata: /x]}\n",
             "pg.yml:8: error: bootstrap.initdb: option 'pgdata' is not allowed here: it is set by us"},
        Case{"credentials", full_form + "ctl: {authentication: {username: u}}\n",
             "pg.yml:8: error: ctl.authentication: 'username' and 'password' go together"},
        Case{"etcd_timing",
             "scope: s\nname: a\netcd_server:\n  heartbeat_interval: 200\n  election_timeout: 500\n  "
             "listen_client_urls: x\n"
             "  advertise_client_urls: x\n  listen_peer_urls: x\n",
             "pg.yml:5: error: etcd_server.election_timeout: '500ms' must be at least five times "
             "heartbeat_interval (200ms)"},
        Case{"no_listener", proxy_form + "  threads: 2\n",
             "pg.yml:3: error: proxy.listeners: is empty: a proxy needs an address for clients"},
        Case{"same_bind", proxy_form + "  listeners: [{bind: '*:5000'}, {name: b, bind: '10.0.0.1:5000'}]\n",
             "pg.yml:4: error: proxy.listeners[1].bind: '10.0.0.1:5000' is taken by proxy.listeners[0].bind "
             "('*:5000')"},
        Case{"poll", "scope: s\nproxy:\n  discovery: poll\n  listeners: [{bind: '*:5000'}]\n",
             "pg.yml:2: error: proxy.servers: is empty, and discovery: poll needs to know whom to ask"},
        Case{"target",
             "scope: s\nproxy:\n  discovery: poll\n  servers: [{name: pg1, host: a}]\n  listeners: [{bind: "
             "'*:5000', "
             "target: replcia}]\n",
             "pg.yml:5: error: proxy.listeners[0].target: 'replcia' is no member; did you mean 'replica'? "
             "(allowed: primary, "
             "replica, any, sync, pg1)"}),
    [](const auto& info) { return info.param.name; });

TEST(Problems, warn_where_a_value_is_adjusted_as_patroni_does) {
  EXPECT_EQ(warnings_of(full_form + "bootstrap:\n  dcs:\n    loop_wait: 15\n"),
            "pg.yml:10: warning: bootstrap.dcs: loop_wait + 2*retry_timeout must not be more than ttl (30s): "
            "loop_wait goes "
            "from 15s to 10s, retry_timeout from 10s to 10s\n");
}

TEST(Problems, do_not_show_what_may_be_a_password) {
  const std::string text = problems_of(
      "scope: s\netcd3: {url: 'ftp://user:hunter2@host:1'}\nproxy: {listeners: [{bind: '*:1'}]}\n");
  EXPECT_EQ(
      text,
      "pg.yml:2: error: etcd3.url: expects a URL such as http://10.0.1.11:2379; got a value with '@' in it");
}

TEST(Problems, tell_where_yaml_breaks) {
  EXPECT_THAT(problems_of("scope: s\nname: [a\n"), HasSubstr("pg.yml:3: error: is not valid YAML: "));
  EXPECT_EQ(problems_of("- a\n"), "pg.yml:1: error: is not a map of keys");
  EXPECT_THAT(problems_of("a: 1\n---\nb: 2\n"),
              HasSubstr("pg.yml:2: error: the YAML document ends before this"));
}

TEST(Problems, tell_of_a_bracket_too_many) {
  EXPECT_THAT(problems_of("{scope: s,\n tags: {nosync: true}}},\n name: pg1}\n"),
              HasSubstr("pg.yml:2: error: "));
}

TEST(Problems, stop_a_text_that_grows_by_aliases) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string refs;
    for (int j = 0; j < 10; ++j) refs += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + refs + "]\n";
  }
  EXPECT_THAT(problems_of(yaml),
              HasSubstr("is nested too deep or too large (bounds: 64 levels, 100000 values)"));
}

TEST(Problems, say_that_a_file_is_missing) {
  LoadRequest request = on_host("h");
  request.path = "/nowhere/holdfast.yml";
  const auto loaded = load(request);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().context,
            "/nowhere/holdfast.yml: error: can't be read: is it there, and may this user read it?");
}

TEST(Nearest, finds_slips_and_not_strangers) {
  EXPECT_EQ(nearest("postgersql", {"postgresql", "proxy"}), "postgresql");
  EXPECT_EQ(nearest("ttl ", {"ttl", "tags"}), "ttl");
  EXPECT_EQ(nearest("zebra", {"postgresql", "proxy"}), "");
}

}  // namespace
}  // namespace holdfast::config
