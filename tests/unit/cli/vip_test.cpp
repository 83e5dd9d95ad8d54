#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/health.hpp"
#include "cli/health_text.hpp"
#include "cli/vip_observe.hpp"
#include "cli/vip_text.hpp"

namespace holdfast::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr WallInstant noon{std::chrono::sys_days{std::chrono::year{2026} / 1 / 14} + 12h};

auto problem(const std::string& text) {
  return AllOf(Field(&Finding::severity, Severity::degraded), Field(&Finding::problem, HasSubstr(text)));
}

VipRouter router(std::string state, std::int64_t priority) {
  VipRouter one{.name = "payments",
                .id = 10,
                .state = std::move(state),
                .since = noon,
                .priority = priority,
                .base_priority = priority,
                .addresses = {"10.0.1.10/24"},
                .interface = "eth0",
                .advert_int = 100ms};
  one.holds = one.is_master();
  if (!one.is_master()) one.heard = VipAdvert{.from = "10.0.1.21", .priority = 250, .ago = 40ms};
  return one;
}

VipHost host(const std::string& name, VipRouter one) {
  return {.name = name,
          .address = "10.0.1.2" + name.substr(2),
          .url = "http://10.0.1.2" + name.substr(2) + ":9165/vip",
          .answers = true,
          .routers = {std::move(one)}};
}

// lb1 has the address, lb2 would take it over.
VipHealth healthy() {
  return {.hosts = {host("lb1", router("MASTER", 250)), host("lb2", router("BACKUP", 230))},
          .asked_at = noon + 1min};
}

VipHost silent(const std::string& name) {
  return {.name = name, .url = "http://" + name + ":9165/vip", .silence = "refused"};
}

VipRouter sick(VipRouter one) {
  one.is_sick = true;
  one.priority = 1;
  one.priority_why = "the proxy has ended";
  return one;
}

TEST(Vip, finds_nothing_wrong_with_a_master_and_a_backup) {
  EXPECT_THAT(findings_of(healthy()), IsEmpty());
  EXPECT_EQ(vip_exit_code(healthy()), 0);
  EXPECT_THAT(address_lines(healthy()), ElementsAre(AllOf(HasSubstr("10.0.1.10 on lb1 since 2026-01-14"),
                                                          HasSubstr("could take over: lb2 (230)"))));
}

TEST(Vip, is_nobodys_when_every_host_is_in_fault) {
  auto vip = healthy();
  for (auto& each : vip.hosts) {
    each.routers[0] = router("FAULT", 250);
    each.routers[0].priority_why = "interface eth0: eth0 has no carrier";
  }
  EXPECT_THAT(findings_of(vip),
              ElementsAre(problem("nobody is master of 10.0.1.10: lb1 is in FAULT (interface eth0: eth0 has "
                                  "no carrier); lb2 is in FAULT")));
  EXPECT_EQ(vip_exit_code(vip), 2);
  EXPECT_THAT(address_lines(vip), ElementsAre(HasSubstr("10.0.1.10 on nobody; could take over: nobody")));
}

TEST(Vip, is_nobodys_when_the_backup_hears_no_master_any_more) {
  auto vip = healthy();
  vip.hosts[0] = silent("lb1");
  vip.hosts[1].routers[0].heard->ago = 1min;
  EXPECT_THAT(findings_of(vip).at(0).problem, HasSubstr("nobody is master"));
  EXPECT_EQ(vip_exit_code(vip), 2);
}

TEST(Vip, is_somebodys_while_a_backup_hears_a_master_that_does_not_answer_us) {
  auto vip = healthy();
  vip.hosts[0] = silent("lb1");
  EXPECT_THAT(findings_of(vip), ElementsAre(problem("the role vip of lb1 doesn't answer (refused)")));
  EXPECT_EQ(vip_exit_code(vip), 1);
  EXPECT_THAT(address_lines(vip), ElementsAre(HasSubstr("on 10.0.1.21, as a backup hears")));
}

TEST(Vip, is_left_alone_by_a_backup_of_a_keepalived) {
  VipHealth vip{.hosts = {host("lb2", router("BACKUP", 230))}, .asked_at = noon};
  EXPECT_THAT(findings_of(vip), IsEmpty());
  EXPECT_EQ(vip_exit_code(vip), 0);
}

TEST(Vip, does_not_take_an_advert_of_priority_0_for_a_master) {
  VipHealth vip{.hosts = {host("lb2", router("BACKUP", 230))}, .asked_at = noon};
  vip.hosts[0].routers[0].heard->priority = 0;
  EXPECT_EQ(vip_exit_code(vip), 2);
}

TEST(Vip, has_two_masters_when_two_say_so) {
  auto vip = healthy();
  vip.hosts[1].routers[0] = router("MASTER", 230);
  EXPECT_THAT(findings_of(vip),
              ElementsAre(problem("10.0.1.10 has two masters: lb1 (priority 250), lb2 (priority 230)")));
  EXPECT_EQ(vip_exit_code(vip), 1);
}

TEST(Vip, is_held_by_nobody_when_the_master_could_not_set_it) {
  auto vip = healthy();
  vip.hosts[0].routers[0].holds = false;
  EXPECT_THAT(findings_of(vip), ElementsAre(problem("lb1 is master of 10.0.1.10 but does not hold it")));
  EXPECT_EQ(vip_exit_code(vip), 2);
}

TEST(Vip, is_held_by_two_when_a_backup_still_has_it) {
  auto vip = healthy();
  vip.hosts[1].routers[0].holds = true;
  EXPECT_THAT(findings_of(vip), ElementsAre(problem("lb2 still holds 10.0.1.10 and is BACKUP")));
}

TEST(Vip, on_a_sick_master_is_a_problem_that_names_the_service) {
  auto vip = healthy();
  vip.hosts[0].routers[0] = sick(router("MASTER", 250));
  vip.hosts[1].routers[0] = sick(router("BACKUP", 230));
  EXPECT_THAT(findings_of(vip),
              ElementsAre(problem("lb1 holds 10.0.1.10 although its service does not work: the proxy"),
                          problem("nobody could take 10.0.1.10 over: lb2 is sick (the proxy has ended)")));
  EXPECT_THAT(print_vip(vip, Format::pretty, false), HasSubstr("1 of 250: the proxy has ended"));
}

TEST(Vip, tells_one_of_several_backups_that_could_not_from_all_of_them) {
  auto vip = healthy();
  vip.hosts.push_back(host("lb3", sick(router("BACKUP", 210))));
  EXPECT_THAT(findings_of(vip), ElementsAre(problem("lb3 can't take 10.0.1.10 over: lb3 is sick")));
  vip.hosts[1] = silent("lb2");
  EXPECT_THAT(findings_of(vip),
              ElementsAre(problem("nobody could take 10.0.1.10 over: lb3 is sick (the proxy has ended); lb2 "
                                  "is silent"),
                          problem("the role vip of lb2 doesn't answer")));
}

TEST(Vip, flaps_when_it_moves_more_than_three_times_within_ten_minutes) {
  auto vip = healthy();
  const auto move = [&](std::size_t at, milliseconds ago) {
    vip.hosts[at].passages.push_back({.at = vip.asked_at - ago,
                                      .host = vip.hosts[at].name,
                                      .router = "payments",
                                      .from = "BACKUP",
                                      .to = "MASTER",
                                      .reason = "no advert"});
  };
  for (const auto ago : {11min, 12min}) move(0, ago);  // too long ago
  move(0, 9min);
  move(1, 5min);
  move(0, 1min);
  EXPECT_THAT(findings_of(vip), IsEmpty());
  move(1, 30s);
  EXPECT_THAT(findings_of(vip), ElementsAre(problem("changed its master 4 times within 10 minutes")));
}

TEST(Vip, keeps_virtual_routers_of_one_number_and_two_families_apart) {
  auto vip = healthy();
  for (auto& each : vip.hosts) {
    auto other = each.routers[0];
    other.name = "payments_6";
    other.addresses = {"fd00::10/64"};
    each.routers.push_back(other);
  }
  vip.hosts[1].routers[1].state = "MASTER";
  ASSERT_EQ(teams_of(vip).size(), 2U);
  EXPECT_THAT(findings_of(vip), testing::Contains(problem("fd00::10 has two masters")));
  EXPECT_THAT(findings_of(vip), Not(testing::Contains(problem("10.0.1.10 has two masters"))));
}

TEST(Vip, is_unknown_when_nobody_answers) {
  VipHealth vip{.hosts = {silent("lb1"), silent("lb2")}};
  EXPECT_EQ(vip_exit_code(vip), 2);
  const auto text = print_vip(vip, Format::pretty, false);
  EXPECT_THAT(text, HasSubstr("nobody tells"));
  EXPECT_THAT(text, HasSubstr("| lb2  | silent |"));
  EXPECT_THAT(address_lines(vip), ElementsAre("Address   nobody tells where it is"));
}

TEST(VipShow, merges_the_transitions_of_all_hosts_by_time) {
  auto vip = healthy();
  const auto passage = [](milliseconds at, std::string who, std::string from, std::string to) {
    return VipPassage{.at = noon + at,
                      .host = std::move(who),
                      .router = "payments",
                      .from = std::move(from),
                      .to = std::move(to),
                      .reason = "x"};
  };
  vip.hosts[0].passages = {passage(0s, "lb1", "INIT", "BACKUP"), passage(0s, "lb1", "BACKUP", "MASTER"),
                           passage(3s, "lb1", "MASTER", "BACKUP")};
  vip.hosts[1].passages = {passage(1s, "lb2", "INIT", "BACKUP"), passage(4s, "lb2", "BACKUP", "MASTER")};
  std::vector<std::string> order;
  for (const auto& each : passages_of(vip)) order.push_back(each.host + " " + each.to);
  EXPECT_THAT(order, ElementsAre("lb1 BACKUP", "lb1 MASTER", "lb2 BACKUP", "lb1 BACKUP", "lb2 MASTER"));
  const auto text = print_vip(vip, Format::pretty, false);
  EXPECT_LT(text.find("MASTER -> BACKUP"), text.rfind("BACKUP -> MASTER"));
}

TEST(VipShow, prints_a_row_for_each_host) {
  auto vip = healthy();
  vip.hosts[0].routers[0].priority = 230;
  vip.hosts[0].routers[0].priority_why = "script chk_disk: exit code 1 (-20)";
  vip.hosts[0].routers[0].down = {"script chk_disk: exit code 1"};
  vip.hosts.push_back(silent("lb3"));
  const auto text = print_vip(vip, Format::pretty, false);
  EXPECT_THAT(text, HasSubstr(" Virtual router payments, id 10: 10.0.1.10/24 "));
  EXPECT_THAT(text, HasSubstr("230 of 250: script chk_disk: exit code 1 (-20)"));
  EXPECT_THAT(text, HasSubstr("10.0.1.21, priority 250, 40ms ago"));
  EXPECT_THAT(text, testing::ContainsRegex("lb3 +\\| silent"));
}

TEST(VipShow, gives_every_thing_it_knows_as_json) {
  auto vip = healthy();
  vip.hosts.push_back(silent("lb3"));
  const auto parsed = boost::json::parse(print_vip(vip, Format::json, false)).as_object();
  const auto& team = parsed.at("virtual_routers").as_array().at(0).as_object();
  EXPECT_EQ(team.at("masters"), boost::json::array{"lb1"});
  EXPECT_EQ(team.at("hosts").as_array().size(), 2U);
  EXPECT_EQ(parsed.at("hosts").as_array().at(2).as_object().at("why"), "refused");
  EXPECT_FALSE(parsed.at("findings").as_array().empty());
}

TEST(VipShow, keeps_to_one_line_a_host_as_tsv) {
  auto vip = healthy();
  vip.hosts[1].routers[0].down = {"interface eth1: down", "script a: exit code 1"};
  const auto text = print_vip(vip, Format::tsv, false);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_THAT(text, HasSubstr("interface eth1: down;script a: exit code 1"));
}

TEST(VipShow, reads_a_hosts_page) {
  VipHost one{.name = "lb1"};
  http::Response page{.body = R"({"scope":"payments","name":"lb1","instances":[{"name":"payments",
    "state":"BACKUP","since":"2026-01-14T12:00:00.000Z","since_ms":60000,"reason":"started","priority":1,
    "base_priority":250,"priority_why":"the proxy has ended","is_sick":true,"holds_addresses":false,
    "addresses":["10.0.1.10/24"],"interface":"eth0","source":"10.0.1.21","virtual_router_id":10,"version":3,
    "advert_int_ms":100,"ownership":"lease","tracked":[
      {"name":"interface eth0","weight":0,"why":"","up":true},
      {"name":"script chk","weight":-20,"why":"exit code 1","up":false},
      {"name":"file f","weight":1,"why":""}],
    "last_advert":{"from":"10.0.1.22","priority":230,"ago_ms":70}}],
    "transitions":[{"at":"2026-01-14T12:00:00.000Z","instance":"payments","from":"INIT","to":"BACKUP",
      "reason":"started","priority":250}]})"};
  add_answer(one, page);
  EXPECT_TRUE(one.answers);
  ASSERT_EQ(one.routers.size(), 1U);
  const auto& read = one.routers[0];
  EXPECT_EQ(read.since, noon);
  EXPECT_TRUE(read.is_sick && read.is_leased && !read.can_take_over());
  EXPECT_EQ(read.heard, (VipAdvert{.from = "10.0.1.22", .priority = 230, .ago = 70ms}));
  EXPECT_THAT(read.down, ElementsAre("script chk: exit code 1", "file f: not known yet"));
  EXPECT_EQ(one.passages.at(0).at, noon);
}

TEST(VipShow, takes_a_page_without_json_for_silence) {
  VipHost one;
  http::Response page{.status = 404, .body = "not here"};
  add_answer(one, page);
  EXPECT_FALSE(one.answers);
  EXPECT_EQ(one.silence, "status 404 without JSON");
}

TEST(VipShow, does_not_repeat_whom_it_asked) {
  VipHost one{.name = "lb1", .url = "http://10.0.1.21:9165/vip"};
  add_answer(one, fail(Errc::timed_out, "http://10.0.1.21:9165/vip: no answer within 2000 ms"));
  EXPECT_FALSE(one.answers);
  EXPECT_EQ(one.silence, "no answer within 2000 ms (timed out)");
}

TEST(VipHosts, are_the_nodes_with_the_role_or_this_host) {
  config::Config config;
  config.nodes = {{.name = "pg1", .host = "10.0.1.11"},
                  {.name = "lb1", .host = "10.0.1.21", .roles = {config::Role::proxy, config::Role::vip}}};
  const auto hosts = vip_hosts_of(config);
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].url, "http://10.0.1.21:9165/vip");
  config.nodes.clear();
  EXPECT_THAT(vip_hosts_of(config), IsEmpty());
  config.name = "lb9";
  config.roles = {config::Role::vip};
  config.vip.stats.listen = {"*", 9200};
  EXPECT_EQ(vip_hosts_of(config).at(0).url, "http://127.0.0.1:9200/vip");
}

TEST(Status, tells_where_the_address_is_and_what_is_wrong_with_it) {
  ClusterHealth cluster{.scope = "demo", .is_initialized = true};
  cluster.vip = healthy();
  cluster.vip.hosts[1].routers[0] = router("MASTER", 230);
  EXPECT_THAT(findings_of(cluster), testing::Contains(problem("10.0.1.10 has two masters")));
  EXPECT_THAT(print_health(cluster), HasSubstr("Address   10.0.1.10 on lb1 since"));
  const auto parsed = health_json(cluster);
  EXPECT_TRUE(parsed.at("vip").as_object().contains("virtual_routers"));
}

TEST(Status, says_nothing_of_addresses_where_there_are_none) {
  const ClusterHealth cluster{.scope = "demo", .is_initialized = true};
  EXPECT_THAT(print_health(cluster), Not(HasSubstr("Address")));
  EXPECT_FALSE(health_json(cluster).contains("vip"));
}

}  // namespace
}  // namespace holdfast::cli
