#include "postgres/config_files.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace holdfast::postgres {
namespace {

Options an_example() {
  Options options;
  options.scope = "demo";
  options.member = "pg2";
  options.data_dir = options.config_dir = "/data";
  options.passfile = "/home/.pgpass";
  options.superuser.password = Secret{"s"};
  options.replication.password = Secret{"r:e\\p"};
  return options;
}
constexpr Version fifteen{150020};

std::string word(const std::string& conninfo, std::string_view name) {
  PQconninfoOption* words = PQconninfoParse(conninfo.c_str(), nullptr);
  std::string value = words == nullptr ? "does not parse" : "";
  for (auto* each = words; each != nullptr && each->keyword != nullptr; ++each) {
    if (each->keyword == name && each->val != nullptr) value = each->val;
  }
  PQconninfoFree(words);
  return value;
}

RC_GTEST_PROP(Conninfo, reads_back_as_it_was_meant_whatever_the_name, (const std::string& any)) {
  std::string name;
  for (const char c : any) {
    if (c != '\0' && c != '\n' && c != '\r') name += c;
  }
  Options options = an_example();
  options.member = name;
  const auto text = primary_conninfo(options, {.member = "pg1", .host = "10.0.0.1", .port = 5433});
  RC_ASSERT(word(text, "application_name") == name);
  RC_ASSERT(word(text, "port") == "5433");
}

TEST(Conninfo, holds_no_password) {
  EXPECT_EQ(primary_conninfo(an_example(), {.host = "h"}).find("r:e"), std::string::npos);
}

TEST(Passfile, escapes_what_separates) {
  EXPECT_EQ(render_passfile(an_example()), "*:*:*:replicator:r\\:e\\\\p\n*:*:*:postgres:s\n");
}

TEST(PostgresqlConf, lets_no_value_start_a_line_of_its_own) {
  EXPECT_EQ(quote_guc("a'b\\c\nshared_preload_libraries='evil"),
            "'a''b\\\\cshared_preload_libraries=''evil'");
}

TEST(PostgresqlConf, follows_nobody_without_an_upstream) {
  const auto text = render_postgresql_conf(an_example(), fifteen, {}, {.role = Role::standby});
  EXPECT_NE(text.find("primary_conninfo = ''\n"), std::string::npos);
  EXPECT_NE(text.find("include 'postgresql.base.conf'"), std::string::npos);
}

TEST(PgHba, has_the_needed_lines_before_the_users) {
  Options options = an_example();
  options.pg_hba = {"host all all 0.0.0.0/0 reject"};
  const auto text = render_pg_hba(options);
  const auto users = text.find("host all all 0.0.0.0/0 reject");
  EXPECT_LT(text.find("local all \"postgres\""),
            text.find("host replication \"replicator\" all scram-sha-256"));
  EXPECT_LT(text.find("host replication \"replicator\" all scram-sha-256"), users);
}

TEST(PgHba, opens_no_door_for_a_role_without_a_password) {
  Options options = an_example();
  options.superuser.password = {};
  options.replication.password = {};
  const auto text = render_pg_hba(options);
  EXPECT_NE(text.find("local all \"postgres\" peer"), std::string::npos);
  EXPECT_EQ(text.find("replicator"), std::string::npos);
}

TEST(AutoConf, loses_what_would_fight_with_us_and_nothing_else) {
  EXPECT_EQ(strip_auto_conf("# keep\nwork_mem = '5MB'\nprimary_conninfo = 'host=x'\nPort=1\n"
                            "recovery_target_lsn = '0/1'\nsynchronous_standby_names = ''\n"),
            "# keep\nwork_mem = '5MB'\n");
}

TEST(Controlled, have_their_defaults_and_least_values) {
  Options options = an_example();
  options.parameters = {{"max_connections", "7"}, {"MAX_WAL_SENDERS", "20"}, {"wal_level", "hot_standby"}};
  const auto set = controlled_parameters(options, fifteen, Role::primary, {}).parameters;
  EXPECT_EQ(set.at("max_connections"), "25");
  EXPECT_EQ(set.at("max_wal_senders"), "20");
  EXPECT_EQ(set.at("wal_level"), "replica");
  EXPECT_EQ(set.at("wal_log_hints"), "on");
  EXPECT_EQ(set.at("cluster_name"), "demo");
}

TEST(Controlled, are_never_less_on_a_standby_than_its_primary_recorded) {
  ControlData control;
  control.max_connections = 500;
  const auto standby = controlled_parameters(an_example(), fifteen, Role::standby, control);
  EXPECT_EQ(standby.parameters.at("max_connections"), "500");
  EXPECT_EQ(standby.held_back, std::vector<std::string>{"max_connections"});
  EXPECT_EQ(
      controlled_parameters(an_example(), fifteen, Role::primary, control).parameters.at("max_connections"),
      "100");
}

TEST(Parameters, that_are_unknown_or_no_names_at_all_are_dropped) {
  Options options = an_example();
  options.parameters = {
      {"Work_Mem", "5MB"}, {"gone_in_15", "1"}, {"ext.setting", "x"}, {"a = 1\nb", "2"}, {"port", "1"}};
  const auto checked = check_parameters(options, fifteen, {"work_mem"});
  EXPECT_EQ(checked.parameters.at("work_mem"), "5MB");
  EXPECT_TRUE(checked.parameters.contains("ext.setting"));
  EXPECT_FALSE(checked.parameters.contains("port"));
  EXPECT_EQ(checked.dropped, (std::vector<std::string>{"a = 1\nb", "gone_in_15"}));
}

}  // namespace
}  // namespace holdfast::postgres
