#include "config/show.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/reload.hpp"
#include "fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Dump, shows_each_value_with_its_origin) {
  const std::string text = dump(good(full_form + "log: {level: DEBUG}\n"));
  EXPECT_THAT(text, HasSubstr("scope: payments                                               # pg.yml:1\n"));
  EXPECT_THAT(text, HasSubstr("  level: DEBUG                                                # pg.yml:8\n"));
  EXPECT_THAT(text, HasSubstr("  file_num: 4                                                 # default\n"));
  EXPECT_THAT(text, HasSubstr("# derived from postgresql.listen\n"));
}

TEST(Dump, hides_secrets) {
  const std::string text = dump(
      good(short_form + "restapi: {authentication: {username: u, password: hunter2}}\n", on_host("pg1")));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  EXPECT_THAT(text, HasSubstr("password: '***'"));
}

TEST(Dump, reads_back_as_the_same_configuration) {
  const Config before = good(
      full_form + R"(  parameters: {archive_command: "cp '%p' \"/a b/%f\"", work_mem: 8MB, jit: 'off', x: '5'}
  pg_hba: ["host all all 0.0.0.0/0 md5", "local all all peer # x"]
  create_replica_methods: [wal, basebackup]
  wal: {command: "wal: fetch", threads: 4}
bootstrap: {dcs: {slots: {a: {type: physical}}, synchronous_mode: on}, initdb: [data-checksums, {encoding: UTF8}]}
proxy: {listeners: [{bind: "*:5000", max_lag: 5s}, {bind: "[::1]:5001", target: pg2}]}
)");
  const Config after = good(dump(before));
  EXPECT_EQ(after.postgresql, before.postgresql);
  EXPECT_EQ(after.bootstrap, before.bootstrap);
  EXPECT_EQ(after.proxy, before.proxy);
  EXPECT_EQ(after.restapi, before.restapi);
  EXPECT_EQ(after.etcd, before.etcd);
  EXPECT_EQ(after.tags, before.tags);
}

TEST(Explain, tells_all_about_a_key) {
  EXPECT_EQ(explain("postgresql.pg_ctl_timeout").value(),
            "postgresql.pg_ctl_timeout: Longest wait for a start, stop or promotion.\n"
            "type:     time\n"
            "bounds:   1s to 1d\n"
            "default:  1min\n"
            "applied:  on reload\n");
  EXPECT_THAT(explain("watchdog").value(), HasSubstr("keys:\n  mode "));
  EXPECT_THAT(explain("bootstrap.dcs.postgresql.use_slots").value(), HasSubstr("default:  true\n"));
  EXPECT_THAT(explain("proxy.listeners.balance").value(),
              HasSubstr("allowed:  leastconn, roundrobin, random\n"));
  EXPECT_THAT(explain("bootstrap.dcs.slots.mine.plugin").value(), HasSubstr("Output plugin"));
  EXPECT_THAT(explain("postgresql.pre_promote").value(), HasSubstr("without effect in this version"));
  EXPECT_THAT(explain("edge").value(), HasSubstr("without effect in this version"));
}

TEST(Explain, shows_the_value_in_force) {
  const Config config =
      good(full_form + "log: {level: DEBUG}\nctl: {authentication: {username: u, password: hunter2}}\n");
  EXPECT_THAT(explain("log.level", config).value(), HasSubstr("in force: DEBUG  # pg.yml:8\n"));
  EXPECT_THAT(explain("ctl.authentication.password", config).value(),
              HasSubstr("in force: ***  # pg.yml:9\n"));
}

TEST(Explain, names_the_nearest_key) {
  EXPECT_THAT(
      explain("proxy.listners").error().context,
      HasSubstr("there is no key 'proxy.listners'; did you mean 'listeners'? (allowed: listeners, maxconn"));
  EXPECT_FALSE(explain(""));
  EXPECT_FALSE(explain("scope.deeper"));
}

TEST(Reload, tells_what_applies_and_what_needs_a_restart) {
  const Config before = good(full_form);
  const Config after = good(full_form +
                            "log: {level: DEBUG, dir: /logs}\ntags: {nosync: true, rack: a}\nbootstrap: "
                            "{method: initdb, pg_hba: [x]}\n");
  const ReloadDiff difference = diff(before, after);
  EXPECT_THAT(difference.applied, ElementsAre("log.level", "tags.nosync", "tags.rack"));
  EXPECT_THAT(difference.needs_restart, ElementsAre("log.dir"));
  EXPECT_TRUE(diff(before, before).empty());
}

TEST(Reload, looks_into_lists_and_at_secrets_without_showing_them) {
  const std::string proxy = "scope: s\netcd3: {host: a}\nproxy: {listeners: [{bind: '*:5000', balance: ";
  const ReloadDiff difference = diff(good(proxy + "random}]}\n"), good(proxy + "leastconn}]}\n"));
  EXPECT_THAT(difference.applied, ElementsAre("proxy.listeners[0].balance"));
  const std::string user = full_form + "ctl: {authentication: {username: u, password: ";
  EXPECT_THAT(diff(good(user + "a}}\n"), good(user + "b}}\n")).applied,
              ElementsAre("ctl.authentication.password"));
}

TEST(Reload, names_a_changed_address_as_needing_a_restart) {
  const Config before = good(short_form, on_host("pg1"));
  const Config after = good(short_form + "os_user: dba\n", on_host("pg1"));
  EXPECT_THAT(diff(before, after).needs_restart, ElementsAre("os_user"));
}

// With UPDATE_REFERENCE=1 the files are rewritten instead.
void expect_reference(const std::string& path, const std::string& text) {
  const std::filesystem::path file =
      std::filesystem::path{__FILE__}.parent_path() / "../../../docs/reference" / path;
  if (std::getenv("UPDATE_REFERENCE") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
  }
  std::ifstream stream{file};
  std::ostringstream written;
  written << stream.rdbuf();
  EXPECT_EQ(written.str(), text) << "docs/reference/" << path << " is old: run with UPDATE_REFERENCE=1";
}

TEST(Reference, is_what_the_schema_prints) {
  expect_reference("configuration.md", reference_markdown());
  expect_reference("configuration.schema.json", json_schema());
}

}  // namespace
}  // namespace holdfast::config
