#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ShortForm, makes_a_database_node_of_a_line) {
  const Config config = good(short_form, on_host("pg2.example.org"));
  EXPECT_EQ(config.name, "pg2");
  EXPECT_THAT(config.roles, ElementsAre(Role::agent, Role::etcd));
  EXPECT_EQ(config.postgresql.listen, (HostPort{"10.0.1.12", 5432}));
  EXPECT_EQ(config.restapi.connect_address, (HostPort{"10.0.1.12", 8008}));
  EXPECT_EQ(config.postgresql.data_dir, "/var/lib/holdfast/payments/pg2/postgresql");
  EXPECT_EQ(config.postgresql.authentication.superuser.password.reveal(), "s3cret");
  EXPECT_EQ(config.postgresql.authentication.replication.password.reveal(), "r3pl");
  EXPECT_TRUE(config.postgresql.authentication.rewind.username.empty());
  EXPECT_THAT(config.etcd.hosts, ElementsAre(HostPort{"10.0.1.12", 2379}, HostPort{"10.0.1.11", 2379},
                                             HostPort{"10.0.1.13", 2379}));
  EXPECT_EQ(config.etcd_server.name, "pg2");
  EXPECT_THAT(config.etcd_server.listen_peer_urls, ElementsAre("http://10.0.1.12:2380"));
  EXPECT_EQ(config.etcd_server.initial_cluster, (StringMap{{"pg1", "http://10.0.1.11:2380"},
                                                           {"pg2", "http://10.0.1.12:2380"},
                                                           {"pg3", "http://10.0.1.13:2380"}}));
  EXPECT_EQ(config.etcd_server.initial_cluster_token, "holdfast-payments");
  EXPECT_EQ(config.nodes.size(), 4U);
}

TEST(ShortForm, lets_a_new_cluster_of_several_members_commit_by_quorum_unless_told_otherwise) {
  const auto mode = [](const std::string& more) {
    return good(std::string{short_form} + more, on_host("pg2.example.org")).bootstrap.dcs.synchronous_mode;
  };
  EXPECT_EQ(mode(""), SynchronousMode::quorum);
  EXPECT_EQ(mode("bootstrap: {dcs: {ttl: 40}}\n"), SynchronousMode::quorum);
  EXPECT_EQ(mode("bootstrap: {dcs: {synchronous_mode: off}}\n"), SynchronousMode::off);
  const Config alone =
      good("scope: s\npasswords: {superuser: a, replication: b}\nnodes: {pg1: 10.0.1.11}\n", on_host("pg1"));
  EXPECT_EQ(alone.bootstrap.dcs.synchronous_mode, SynchronousMode::off);
}

TEST(ShortForm, makes_a_proxy_that_needs_no_password) {
  const Config config = good(
      "scope: s\nnodes: {pg1: 10.0.1.11, lb1: {host: 10.0.1.21, roles: [proxy, edge]}}\n", on_host("lb1"));
  EXPECT_THAT(config.roles, ElementsAre(Role::proxy));
  ASSERT_EQ(config.proxy.listeners.size(), 2U);
  EXPECT_EQ(config.proxy.listeners[0].bind, (HostPort{"10.0.1.21", 5000}));
  EXPECT_EQ(config.proxy.listeners[0].target.kind, TargetKind::primary);
  EXPECT_EQ(config.proxy.listeners[1].bind, (HostPort{"10.0.1.21", 5001}));
  EXPECT_EQ(config.proxy.listeners[1].target.kind, TargetKind::replica);
  EXPECT_EQ(config.proxy.stats.listen, (HostPort{"10.0.1.21", 7000}));
  EXPECT_THAT(config.etcd.hosts, ElementsAre(HostPort{"10.0.1.11", 2379}));
}

TEST(ShortForm, lets_a_node_have_its_own_ports_and_tags) {
  const Config config = good(R"(scope: s
passwords: {superuser: a, replication: b, rewind: c}
nodes:
  pg1: {host: db1.example.org, ports: {postgresql: 5433, etcd_client: 12379}, tags: {nofailover: true}}
)",
                             on_host("db1.example.org"));
  EXPECT_EQ(config.postgresql.listen, (HostPort{"0.0.0.0", 5433}));
  EXPECT_EQ(config.postgresql.connect_address, (HostPort{"db1.example.org", 5433}));
  EXPECT_THAT(config.etcd.hosts, ElementsAre(HostPort{"db1.example.org", 12379}));
  EXPECT_TRUE(config.tags.nofailover);
  EXPECT_EQ(config.postgresql.authentication.rewind.username, "rewind_user");
  EXPECT_EQ(config.postgresql.authentication.rewind.password.reveal(), "c");
}

TEST(ShortForm, keeps_what_the_user_says_in_other_sections) {
  const Config config = good(
      short_form + "proxy: {listeners: [{bind: '*:6000'}], maxconn: 7}\nrestapi: {request_queue_size: 9}\n",
      on_host("lb1"));
  ASSERT_EQ(config.proxy.listeners.size(), 1U);
  EXPECT_EQ(config.proxy.listeners[0].bind.port, 6000);
  EXPECT_EQ(config.proxy.maxconn, 7);
  EXPECT_EQ(config.restapi.request_queue_size, 9);
}

TEST(ShortForm, says_where_a_value_came_from) {
  const Config config = good(short_form, on_host("pg1"));
  EXPECT_EQ(to_string(config.tree.at_path("postgresql.listen")->origin), "derived from nodes.pg1");
  EXPECT_EQ(to_string(config.tree.at_path("postgresql.authentication.superuser.password")->origin),
            "derived from passwords.superuser");
}

TEST(FindSelf, prefers_what_is_said_over_what_is_guessed) {
  LoadRequest request = on_host("pg1", {"10.0.1.12"}, {{"HOLDFAST_NODE", "pg2"}});
  EXPECT_EQ(good(short_form, request).name, "pg2");
  request.node = "pg3";
  EXPECT_EQ(good(short_form, request).name, "pg3");
  EXPECT_EQ(good(short_form, on_host("pg1", {}, {{"PATRONI_NAME", "pg2"}})).name, "pg2");
}

TEST(FindSelf, knows_a_host_by_its_address) {
  EXPECT_EQ(good(short_form, on_host("box", {"127.0.0.1", "10.0.1.13"})).name, "pg3");
}

TEST(FindSelf, does_not_guess_when_a_host_is_nobody_or_several) {
  EXPECT_EQ(problems_of(short_form, on_host("box", {"10.9.9.9"})),
            "pg.yml:3: error: nodes: lists no address of this host and not its name ('box'): say which one "
            "it is with --node "
            "or HOLDFAST_NODE (allowed: pg1, pg2, pg3, lb1)");
  EXPECT_THAT(problems_of(short_form, on_host("box", {"10.0.1.11", "10.0.1.12"})),
              HasSubstr("nodes: lists several addresses of this host ('box')"));
  LoadRequest request = on_host("box");
  request.node = "gp1";
  EXPECT_EQ(problems_of(short_form, request),
            "pg.yml:3: error: nodes: has no 'gp1', which --node names; did you mean 'pg1'? (allowed: pg1, "
            "pg2, pg3, lb1)");
}

TEST(FindSelf, an_operators_machine_need_not_be_a_node) {
  LoadRequest request = on_host("laptop");
  request.any_node = true;
  const Config config = good(short_form, request);
  EXPECT_TRUE(config.name.empty());
  EXPECT_TRUE(config.roles.empty());
  EXPECT_EQ(config.etcd.hosts.size(), 3U);
}

TEST(ShortForm, refuses_what_contradicts_nodes) {
  EXPECT_EQ(
      problems_of(short_form + "name: pg1\nrestapi: {listen: 'a:1'}\netcd3: {hosts: [a]}\n", on_host("pg1")),
      "pg.yml:8: error: name: is decided by 'nodes'; remove it, or write the full form without 'nodes'\n"
      "pg.yml:9: error: restapi.listen: is decided by 'nodes'; remove it, or write the full form without "
      "'nodes'\n"
      "pg.yml:10: error: etcd3.hosts: is decided by 'nodes'; remove it, or write the full form without "
      "'nodes'");
}

TEST(ShortForm, refuses_nodes_that_are_incomplete) {
  EXPECT_EQ(
      problems_of("scope: s\nnodes:\n  pg1: {roles: [agent]}\n", on_host("pg1")),
      "pg.yml:3: error: nodes.pg1: has no host: write 'NAME: ADDRESS' or '{host: ADDRESS, roles: […]}'");
  EXPECT_EQ(problems_of("scope: s\nnodes: {}\n"), "pg.yml:2: error: nodes: lists no node");
  EXPECT_THAT(
      problems_of("scope: s\nnodes: {lb1: {host: 10.0.0.1, roles: proxy}}\n", on_host("lb1")),
      HasSubstr("nodes: no node has role etcd: give one that role, or say where etcd is with 'etcd3'"));
}

TEST(Passwords, must_be_given_in_one_of_the_ways) {
  EXPECT_EQ(problems_of("scope: s\nnodes: {pg1: 10.0.0.1}\n", on_host("pg1")),
            "pg.yml:2: error: postgresql.authentication.superuser.password: is not set: set "
            "passwords.superuser (or superuser "
            "in passwords_file), or PATRONI_SUPERUSER_PASSWORD\n"
            "pg.yml:2: error: postgresql.authentication.replication.password: is not set: set "
            "passwords.replication (or "
            "replication in passwords_file), or PATRONI_REPLICATION_PASSWORD");
  const StringMap environment{{"PATRONI_SUPERUSER_PASSWORD", "x"}, {"PATRONI_REPLICATION_PASSWORD", "y"}};
  const Config config = good("scope: s\nnodes: {pg1: 10.0.0.1}\n", on_host("pg1", {}, environment));
  EXPECT_EQ(config.postgresql.authentication.superuser.password.reveal(), "x");
}

class Folder {
 public:
  Folder() { path = mkdtemp(pattern_.data()); }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream{path + "/" + name} << text;
  }
  std::string path;

 private:
  std::string pattern_ = "/tmp/holdfast-config-XXXXXX";
};

TEST(Passwords, are_read_from_files) {
  const Folder folder;
  folder.write("passwords", "superuser: from file\nreplication: r\n");
  folder.write("rest", "api secret\n");
  const Config config =
      good("scope: s\npasswords_file: " + folder.path + "/passwords\nnodes: {pg1: 10.0.0.1}\n" +
               "restapi: {authentication: {username: u, password: {file: " + folder.path + "/rest}}}\n",
           on_host("pg1"));
  EXPECT_EQ(config.postgresql.authentication.superuser.password.reveal(), "from file");
  EXPECT_EQ(config.restapi.authentication.password.reveal(), "api secret");
}

TEST(Directory, is_read_in_the_order_of_names_and_the_last_wins) {
  const Folder folder;
  folder.write("10-base.yml", full_form + "log: {level: INFO, file_num: 2}\n");
  folder.write("20-local.yml", "log: {level: DEBUG}\n");
  folder.write("30-other.txt", "scope: nonsense\n");
  LoadRequest request = on_host("h");
  request.path = folder.path;
  const auto loaded = load(request);
  ASSERT_TRUE(loaded) << loaded.error().context;
  EXPECT_EQ(loaded->config.scope, "payments");
  EXPECT_EQ(loaded->config.log.level, log::Level::debug);
  EXPECT_EQ(loaded->config.log.file_num, 2);
  EXPECT_EQ(to_string(loaded->config.tree.at_path("log.level")->origin), folder.path + "/20-local.yml:1");
}

TEST(Environment, wins_over_the_file_and_is_named_as_the_origin) {
  const StringMap environment{{"PATRONI_POSTGRESQL_DATA_DIR", "/else"},
                              {"PATRONI_RESTAPI_USERNAME", "u"},
                              {"PATRONI_RESTAPI_PASSWORD", "p"},
                              {"PATRONI_ETCD3_HOSTS", "'a:1','b:2'"},
                              {"PATRONI_REWIND_USERNAME", "rw"},
                              {"PATRONI_POSTGRESQL_BIN_INITDB", "initdb15"},
                              {"PATRONI_RESTAPI_HTTP_EXTRA_HEADERS", "{X-A: b}"},
                              {"PATRONI_SCOPE", ""},
                              {"PATRONI_admin_PASSWORD", "q"}};
  const Config config = good(full_form, on_host("h", {}, environment));
  EXPECT_EQ(config.postgresql.data_dir, "/else");
  EXPECT_EQ(config.restapi.authentication.password.reveal(), "p");
  EXPECT_THAT(config.etcd.hosts, ElementsAre(HostPort{"a", 1}, HostPort{"b", 2}));
  EXPECT_EQ(config.postgresql.authentication.rewind.username, "rw");
  EXPECT_EQ(config.postgresql.bin_name.initdb, "initdb15");
  EXPECT_EQ(config.restapi.http_extra_headers, (StringMap{{"X-A", "b"}}));
  EXPECT_EQ(config.scope, "payments");
  EXPECT_EQ(config.bootstrap.users.at(0).password.reveal(), "q");
  EXPECT_EQ(to_string(config.tree.at_path("postgresql.data_dir")->origin),
            "environment PATRONI_POSTGRESQL_DATA_DIR");
}

TEST(Environment, says_what_is_wrong_with_a_variable) {
  EXPECT_EQ(problems_of(full_form,
                        on_host("h", {}, {{"PATRONI_RESTAPI_LISTEN", "here"}, {"PATRONI_CONSUL_HOST", "x"}})),
            "environment PATRONI_CONSUL_HOST: error: only etcd is supported as consensus store\n"
            "environment PATRONI_RESTAPI_LISTEN: error: restapi.listen: expects an address with a port: "
            "'here' has no port (as "
            "in here:5432)");
  EXPECT_EQ(warnings_of(full_form, on_host("h", {}, {{"PATRONI_RESTAPI_LISTN", "x"}})),
            "environment PATRONI_RESTAPI_LISTN: warning: is no variable that is read; did you mean "
            "PATRONI_RESTAPI_LISTEN?\n");
}

TEST(Expand, turns_tls_of_etcd_on_for_members_and_clients) {
  const std::string tls =
      short_form + R"(etcd_server: {cert: /c.pem, key: /c.key, cacert: /ca.pem, client_cert_auth: true,
              peer_cert: /p.pem, peer_key: /p.key, peer_cacert: /ca.pem}
)";
  const Config config = good(tls, on_host("pg2"));
  EXPECT_THAT(config.etcd_server.listen_client_urls, ElementsAre("https://10.0.1.12:2379"));
  EXPECT_THAT(config.etcd_server.initial_advertise_peer_urls, ElementsAre("https://10.0.1.12:2380"));
  EXPECT_EQ(*config.etcd_server.initial_cluster.find("pg1"), "https://10.0.1.11:2380");
  const Config proxy = good(tls, on_host("lb1"));
  EXPECT_EQ(proxy.etcd.protocol, Protocol::https);
  EXPECT_EQ(proxy.etcd.cacert, "/ca.pem");
  EXPECT_EQ(proxy.etcd.cert, "/c.pem");
  EXPECT_EQ(proxy.etcd.key, "/c.key");
}

TEST(Expand, leaves_clients_of_etcd_their_own_certificate) {
  const Config config =
      good(short_form + R"(etcd_server: {cert: /c.pem, key: /c.key, cacert: /ca.pem, client_cert_auth: true}
etcd3: {cert: /mine.pem, key: /mine.key}
)",
           on_host("pg1"));
  EXPECT_EQ(config.etcd.cert, "/mine.pem");
  EXPECT_EQ(config.etcd.key, "/mine.key");
  EXPECT_EQ(config.etcd.cacert, "/ca.pem");
}

TEST(Expand, gives_a_host_that_is_not_listed_no_role) {
  auto anywhere = on_host("elsewhere");
  anywhere.any_node = true;
  const Config config =
      good(short_form + "etcd_server: {snapshot_count: 1000}\npostgresql: {use_slots: false}\n", anywhere);
  EXPECT_TRUE(config.roles.empty());
  EXPECT_EQ(config.etcd.hosts.size(), 3U);
}

}  // namespace
}  // namespace holdfast::config
