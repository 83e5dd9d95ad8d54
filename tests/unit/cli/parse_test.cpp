#include "cli/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/completion.hpp"
#include "cli/locate_config.hpp"

namespace holdfast::cli {
namespace {

using testing::HasSubstr;

template <class Verb>
Verb parsed(Style style, std::vector<std::string> arguments) {
  auto outcome = parse(style, std::move(arguments));
  if (const auto* answered = std::get_if<Answered>(&outcome)) {
    ADD_FAILURE() << answered->text;
    return {};
  }
  return std::get<Verb>(std::get<Invocation>(outcome).command);
}

int refusal(Style style, std::vector<std::string> arguments) {
  const auto outcome = parse(style, std::move(arguments));
  const auto* answered = std::get_if<Answered>(&outcome);
  return answered != nullptr ? answered->code : -1;
}

TEST(Arguments, give_list_its_flags) {
  const auto list =
      parsed<List>(Style::patronictl, {"-c", "f.yml", "list", "a", "b", "-e", "-t", "-f", "json", "-W"});
  EXPECT_EQ(list.clusters, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(list.extended && list.timestamp);
  EXPECT_EQ(list.format, Format::json);
  EXPECT_EQ(list.watch.seconds, 2);
}

TEST(Arguments, take_the_common_options_on_either_side_of_the_verb) {
  for (const auto& words : {std::vector<std::string>{"-c", "f.yml", "list"}, {"list", "-c", "f.yml"}}) {
    auto outcome = parse(Style::holdfast, words);
    ASSERT_TRUE(std::holds_alternative<Invocation>(outcome));
    EXPECT_EQ(std::get<Invocation>(outcome).common.config_file, "f.yml");
  }
}

TEST(Arguments, let_query_have_its_own_c_and_f) {
  const auto query = parsed<Query>(Style::patronictl,
                                   {"-c", "f.yml", "query", "demo", "-c", "select 1", "--format", "json"});
  EXPECT_EQ(query.command, "select 1");
  EXPECT_EQ(query.cluster, "demo");
  EXPECT_EQ(query.format, Format::json);
}

TEST(Arguments, know_switchovers_names_for_the_leader) {
  for (const std::string name : {"--leader", "--primary", "--master"}) {
    EXPECT_EQ(parsed<Switchover>(Style::patronictl, {"switchover", "demo", name, "pg1", "--force"}).leader,
              "pg1");
  }
  EXPECT_TRUE(parsed<Switchover>(Style::patronictl, {"failover", "--candidate", "pg2"}).is_failover);
  EXPECT_EQ(refusal(Style::patronictl, {"failover", "--scheduled", "now"}), 2);
}

TEST(Arguments, repeat_settings_and_keep_what_follows_apart) {
  const auto edit = parsed<EditConfig>(Style::patronictl,
                                       {"edit-config", "-s", "ttl=20", "-s", "a=b,c", "-p", "x=1", "demo"});
  EXPECT_EQ(edit.settings, (std::vector<std::string>{"ttl=20", "a=b,c"}));
  EXPECT_EQ(edit.pg_settings, std::vector<std::string>{"x=1"});
  EXPECT_EQ(edit.cluster, "demo");
}

TEST(Arguments, name_a_keepalived_conf_to_import) {
  const auto verb =
      parsed<ConfigImport>(Style::holdfast, {"config", "import", "k.conf", "-o", "vip.yml", "-i", "main"});
  EXPECT_EQ(verb.file, "k.conf");
  EXPECT_EQ(verb.output, "vip.yml");
  EXPECT_EQ(verb.id, "main");
}

TEST(Arguments, of_vip_run_the_role_and_those_of_vip_show_do_not) {
  const auto role = parsed<RunRole>(Style::holdfast, {"vip", "-c", "f.yml", "--node", "lb1"});
  EXPECT_EQ(role.role, config::Role::vip);
  EXPECT_EQ(role.node, "lb1");
  const auto show = parsed<VipShow>(Style::holdfast, {"vip", "show", "-c", "f.yml", "-f", "yaml", "-W"});
  EXPECT_EQ(show.format, Format::yaml);
  EXPECT_EQ(show.watch.seconds, 2);
  EXPECT_EQ(refusal(Style::holdfast, {"vip", "shown"}), 2);
  EXPECT_EQ(refusal(Style::holdfast, {"vip", "show", "--help"}), 0);
  EXPECT_EQ(refusal(Style::patronictl, {"vip", "show"}), 2);
}

TEST(Arguments, that_are_wrong_exit_2) {
  EXPECT_EQ(refusal(Style::holdfast, {}), 2);
  EXPECT_EQ(refusal(Style::holdfast, {"lisst"}), 2);
  EXPECT_EQ(refusal(Style::holdfast, {"list", "-f", "xml"}), 2);
  EXPECT_EQ(refusal(Style::holdfast, {"restart", "-r", "king"}), 2);
  EXPECT_EQ(refusal(Style::holdfast, {"list", "-w", "-1"}), 2);
  EXPECT_EQ(refusal(Style::patronictl, {"remove"}), 2);
}

TEST(Arguments, of_patronictl_hold_no_roles) {
  EXPECT_EQ(refusal(Style::patronictl, {"run"}), 2);
  EXPECT_EQ(refusal(Style::patronictl, {"drill"}), 2);
}

TEST(Arguments, of_drill_are_left_to_it) {
  const auto drill = parsed<External>(Style::holdfast, {"drill", "kill-node", "--help", "-c", "x"});
  EXPECT_EQ(drill.arguments, (std::vector<std::string>{"kill-node", "--help", "-c", "x"}));
}

TEST(Help, exits_0_for_every_verb) {
  for (const auto& verb : describe(Style::holdfast).verbs) {
    if (verb.name == "drill" || verb.name == "demo") continue;
    EXPECT_EQ(refusal(Style::holdfast, {verb.name, "--help"}), 0) << verb.name;
  }
}

TEST(Completion, knows_every_verb_and_hides_the_internal_one) {
  const auto program = describe(Style::holdfast);
  const auto script = bash_completion(program, "holdfast");
  for (const auto& verb : program.verbs) EXPECT_THAT(script, HasSubstr(verb.name));
  EXPECT_THAT(script, testing::Not(HasSubstr("sentinel")));
  EXPECT_THAT(script,
              HasSubstr("'config') COMPREPLY=($(compgen -W 'check show explain import reference schema"));
  EXPECT_THAT(zsh_completion(program, "holdfast"), HasSubstr("#compdef holdfast"));
}

TEST(DcsUrl, takes_patronictls_forms) {
  EXPECT_EQ(parse_dcs_url("etcd3://10.0.1.11:2380/service")->host, (config::HostPort{"10.0.1.11", 2380}));
  EXPECT_EQ(parse_dcs_url("etcd3://10.0.1.11:2380/service")->namespace_, "service");
  EXPECT_EQ(parse_dcs_url("10.0.1.11")->host, (config::HostPort{"10.0.1.11", 2379}));
  EXPECT_FALSE(parse_dcs_url("consul://10.0.1.11"));
}

}  // namespace
}  // namespace holdfast::cli
