#include "config/load.hpp"

#include "fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::ElementsAre;

// What is said of keys that stand in these lines and do nothing.
std::string without_effect(const std::vector<std::pair<int, std::string>>& keys) {
  std::string text;
  for (const auto& [line, key] : keys) {
    text += "pg.yml:" + std::to_string(line) + ": warning: " + key +
            ": is accepted for compatibility and has no effect in this version\n";
  }
  return text;
}

TEST(Load, reads_the_full_form) {
  const Config config = good(full_form + R"(  authentication:
    superuser: {username: admin, password: 'p%:w'}
  parameters: {work_mem: 8MB, max_connections: 200, fsync: on}
  pg_hba:
    - host all all all scram-sha-256
  pg_ctl_timeout: 90
tags: {nofailover: true, datacenter: north}
)");
  EXPECT_EQ(config.scope, "payments");
  EXPECT_EQ(config.namespace_, "/service");
  EXPECT_THAT(config.etcd.hosts, ElementsAre(HostPort{"10.0.1.11", 2379}, HostPort{"10.0.1.12", 2379}));
  EXPECT_EQ(config.postgresql.authentication.superuser.username, "admin");
  EXPECT_EQ(config.postgresql.authentication.superuser.password.reveal(), "p%:w");
  EXPECT_EQ(config.postgresql.authentication.replication.username, "replicator");
  EXPECT_EQ(config.postgresql.parameters,
            (StringMap{{"work_mem", "8MB"}, {"max_connections", "200"}, {"fsync", "on"}}));
  EXPECT_THAT(config.postgresql.pg_hba, ElementsAre("host all all all scram-sha-256"));
  EXPECT_EQ(config.postgresql.pg_ctl_timeout, 90s);
  EXPECT_TRUE(config.tags.nofailover);
  EXPECT_EQ(config.tags.custom, (StringMap{{"datacenter", "north"}}));
}

TEST(Load, derives_what_follows_from_other_values) {
  const Config config = good(full_form);
  EXPECT_THAT(config.roles, ElementsAre(Role::agent));
  EXPECT_EQ(config.restapi.connect_address, (HostPort{"10.0.1.11", 8008}));
  EXPECT_EQ(config.postgresql.connect_address, (HostPort{"10.0.1.11", 5432}));
  EXPECT_EQ(config.postgresql.config_dir, "/data");
  EXPECT_EQ(config.postgresql.pgpass, "/var/lib/holdfast/payments/pg1/pgpass");
  EXPECT_EQ(to_string(config.tree.at_path("postgresql.connect_address")->origin),
            "derived from postgresql.listen");
}

TEST(Load, keeps_the_place_of_every_value) {
  const Config config = good(full_form);
  EXPECT_EQ(to_string(config.tree.at_path("postgresql.data_dir")->origin), "pg.yml:7");
}

TEST(Load, reads_the_namespace_with_any_number_of_slashes) {
  EXPECT_EQ(good(full_form + "namespace: //db/prod/\n").namespace_, "/db/prod");
}

TEST(Load, takes_an_etcd_section_as_etcd3) {
  const Config config = good(R"(scope: s
etcd: {url: "https://user:pw@etcd.example:2390/"}
proxy: {listeners: [{bind: "*:5000"}]}
)");
  EXPECT_THAT(config.etcd.hosts, ElementsAre(HostPort{"etcd.example", 2390}));
  EXPECT_EQ(config.etcd.protocol, Protocol::https);
  EXPECT_EQ(config.etcd.username, "user");
  EXPECT_EQ(config.etcd.password.reveal(), "pw");
  EXPECT_THAT(config.roles, ElementsAre(Role::proxy));
}

TEST(Load, reads_options_of_programs_in_every_form_that_patroni_takes) {
  const Config config = good(full_form + R"(  basebackup: {max-rate: 100M, verbose: }
bootstrap:
  initdb:
    - encoding: UTF8
    - data-checksums
)");
  EXPECT_THAT(config.bootstrap.initdb,
              ElementsAre(CommandOption{"encoding", "UTF8"}, CommandOption{"data-checksums", ""}));
  EXPECT_THAT(config.postgresql.basebackup,
              ElementsAre(CommandOption{"max-rate", "100M"}, CommandOption{"verbose", ""}));
}

TEST(Load, says_which_keys_do_nothing_unless_they_say_what_is_so_anyway) {
  EXPECT_EQ(warnings_of(full_form + "  pre_promote: /bin/true\n"),
            without_effect({{8, "postgresql.pre_promote"}}));
  EXPECT_EQ(warnings_of(full_form + "  create_replica_methods: [basebackup]\n  pre_promote: ''\n"), "");
  EXPECT_EQ(warnings_of(full_form + "bootstrap: {dcs: {failsafe_mode: true}}\n"),
            without_effect({{8, "bootstrap.dcs.failsafe_mode"}}));
  EXPECT_EQ(warnings_of(full_form + "bootstrap: {dcs: {failsafe_mode: false}}\n"), "");
}

TEST(Load, reads_sections_of_replica_and_bootstrap_methods) {
  const Config config = good(full_form + R"(  create_replica_methods: [pgbackrest, basebackup]
  pgbackrest: {command: pgbackrest restore, keep_data: true, stanza: main}
bootstrap:
  method: clone
  clone: {command: /bin/clone, no_params: true, from: far}
  post_init: /bin/after
)");
  ASSERT_EQ(config.postgresql.replica_methods.size(), 1U);
  EXPECT_EQ(config.postgresql.replica_methods[0].command, "pgbackrest restore");
  EXPECT_TRUE(config.postgresql.replica_methods[0].keep_data);
  EXPECT_EQ(config.postgresql.replica_methods[0].parameters, (StringMap{{"stanza", "main"}}));
  EXPECT_EQ(config.bootstrap.custom.command, "/bin/clone");
  EXPECT_EQ(config.bootstrap.custom.parameters, (StringMap{{"from", "far"}}));
  EXPECT_EQ(config.bootstrap.post_bootstrap, "/bin/after");
}

TEST(Load, reads_a_proxy) {
  const Config config = good(R"(scope: s
etcd3: {host: 10.0.1.11}
proxy:
  listeners:
    - {bind: "*:5000", target: primary}
    - {name: reads, bind: "[::1]:5001", target: replica, balance: roundrobin, fallback: none, max_lag: 16MB, hold_timeout: 3s}
    - {bind: "*:5002", target: any, max_lag: 10s, maxconn: 50}
  server_maxconn: 90
  tcp_keepalive: {idle: 20s}
)");
  const auto& listeners = config.proxy.listeners;
  ASSERT_EQ(listeners.size(), 3U);
  EXPECT_EQ(listeners[0].name, "primary_5000");
  EXPECT_EQ(listeners[1].bind, (HostPort{"::1", 5001}));
  EXPECT_EQ(listeners[1].max_lag.bytes, ByteSize{16 << 20});
  EXPECT_EQ(listeners[1].hold_timeout, 3s);
  EXPECT_EQ(listeners[1].fallback, Fallback::none);
  EXPECT_EQ(listeners[2].max_lag.time, 10s);
  EXPECT_EQ(config.proxy.server_maxconn, 90);
  EXPECT_EQ(config.proxy.tcp_keepalive.idle, 20s);
  EXPECT_EQ(config.etcd.hosts[0].port, 2379);
}

TEST(Load, reads_the_settings_of_a_new_cluster) {
  const Config config = good(full_form + R"(bootstrap:
  dcs:
    ttl: 40
    master_start_timeout: 60
    synchronous_mode: on
    leader_ttl: 3s
    slots: {keep: {type: physical}}
    ignore_slots: [{name: theirs}]
    postgresql: {use_pg_rewind: yes, parameters: {max_connections: 300}}
)");
  const DynamicConfig& dcs = config.bootstrap.dcs;
  EXPECT_EQ(dcs.ttl, 40s);
  EXPECT_EQ(dcs.primary_start_timeout, 60s);
  EXPECT_EQ(dcs.synchronous_mode, SynchronousMode::on);
  EXPECT_EQ(dcs.leader_ttl, 3s);
  ASSERT_EQ(dcs.slots.size(), 1U);
  EXPECT_EQ(dcs.slots[0].name, "keep");
  EXPECT_EQ(dcs.ignore_slots[0].name, "theirs");
  EXPECT_NE(dcs.postgresql.at_path("parameters.max_connections"), nullptr);
}

TEST(Load, accepts_every_documented_key_of_patroni) {
  EXPECT_EQ(warnings_of(R"(scope: s
name: m
namespace: /service/
thread_pool_size: 5
thread_stack_size: 512kB
log: {type: plain, level: INFO, traceback_level: ERROR, format: x, dateformat: x, static_fields: {a: b}, max_queue_size: 1000,
      dir: /l, mode: 420, file_num: 4, file_size: 25000000, loggers: {a: INFO}, deduplicate_heartbeat_logs: false}
restapi: {listen: "10.0.0.1:8008", connect_address: "10.0.0.1:8008", authentication: {username: u, password: p}, certfile: c,
          keyfile: k, keyfile_password: p, cafile: a, ciphers: x, verify_client: optional, allowlist: [127.0.0.1],
          allowlist_include_members: true, http_extra_headers: {a: b}, https_extra_headers: {a: b}, request_queue_size: 5,
          thread_pool_size: 5, server_tokens: Original}
ctl: {authentication: {username: u, password: p}, insecure: false, cacert: c, certfile: c, keyfile: k, keyfile_password: p}
watchdog: {mode: automatic, device: /dev/watchdog, safety_margin: 5}
tags: {clonefrom: true, noloadbalance: false, replicatefrom: x, nosync: false, sync_priority: 1, failover_priority: 1, nostream: false}
etcd3: {hosts: [a, "b:2379"], use_proxies: false, srv_suffix: x, protocol: https, username: u, password: p, cacert: c, cert: c, key: k}
bootstrap:
  dcs: {ttl: 30, loop_wait: 10, retry_timeout: 10, primary_race_backoff: 0, maximum_lag_on_failover: 1048576, maximum_lag_on_syncnode: -1,
        max_timelines_history: 0, check_timeline: false, master_start_timeout: 300, master_stop_timeout: 0, synchronous_mode: off,
        synchronous_mode_strict: false, synchronous_node_count: 1, failsafe_mode: false, pause: false, member_slots_ttl: 30min,
        permanent_slots: {l: {type: logical, database: d, plugin: p, cluster_type: primary}}, ignore_slots: [{name: n, type: physical, database: d, plugin: p}],
        standby_cluster: {host: h, port: 5432, primary_slot_name: s, create_replica_methods: [basebackup], restore_command: c, archive_cleanup_command: c, recovery_min_apply_delay: 1h},
        postgresql: {use_pg_rewind: true, use_slots: true, recovery_conf: {restore_command: x}, parameters: {a: b}, parameters_primary: {a: b}, pg_hba: [x], pg_hba_replica: [x], pg_ident: [x]}}
  method: initdb
  initdb: [data-checksums]
  post_bootstrap: x
  pg_hba: [x]
  users: {admin: {password: p, options: [createrole]}}
postgresql:
  listen: 10.0.0.1:5432
  connect_address: 10.0.0.1:5432
  proxy_address: 10.0.0.1:6432
  data_dir: /d
  config_dir: /d
  bin_dir: /b
  bin_name: {pg_ctl: a, initdb: a, pg_controldata: a, pg_basebackup: a, postgres: a, pg_isready: a, pg_rewind: a}
  authentication:
    superuser: {username: u, password: p, sslmode: prefer, sslkey: x, sslpassword: x, sslcert: x, sslrootcert: x, sslcrl: x, sslcrldir: x, sslnegotiation: x, gssencmode: x, channel_binding: x}
    replication: {username: u}
    rewind: {username: u}
  callbacks: {on_reload: x, on_restart: x, on_role_change: x, on_start: x, on_stop: x}
  create_replica_methods: [basebackup]
  basebackup: [verbose, {max-rate: 100M}]
  rewind: [debug]
  use_unix_socket: true
  use_unix_socket_repl: true
  pgpass: /p
  recovery_conf: {restore_command: x}
  custom_conf: x
  parameters: {a: b}
  parameters_standby_leader: {a: b}
  pg_hba_standby_leader: [x]
  pg_ident_primary: [x]
  pg_ctl_timeout: 60
  use_pg_rewind: true
  remove_data_directory_on_rewind_failure: false
  remove_data_directory_on_diverged_timelines: false
  pre_promote: x
  before_stop: x
  database: postgres
  config_base_name: postgresql
)"),
            without_effect({{4, "thread_pool_size"},
                            {5, "thread_stack_size"},
                            {6, "log.traceback_level"},
                            {6, "log.format"},
                            {6, "log.dateformat"},
                            {6, "log.static_fields"},
                            {6, "log.max_queue_size"},
                            {7, "log.mode"},
                            {7, "log.loggers"},
                            {7, "log.deduplicate_heartbeat_logs"},
                            {11, "restapi.thread_pool_size"},
                            {14, "tags.clonefrom"},
                            {20, "bootstrap.dcs.permanent_slots"},
                            {21, "bootstrap.dcs.standby_cluster"},
                            {22, "bootstrap.dcs.postgresql.parameters_primary"},
                            {22, "bootstrap.dcs.postgresql.pg_hba_replica"},
                            {35, "postgresql.bin_name"},
                            {37, "postgresql.authentication.superuser.sslnegotiation"},
                            {45, "postgresql.use_unix_socket_repl"},
                            {50, "postgresql.parameters_standby_leader"},
                            {51, "postgresql.pg_hba_standby_leader"},
                            {52, "postgresql.pg_ident_primary"},
                            {57, "postgresql.pre_promote"},
                            {58, "postgresql.before_stop"}}));
}

}  // namespace
}  // namespace holdfast::config
