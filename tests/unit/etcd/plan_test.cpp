#include "etcd/plan.hpp"

#include <gtest/gtest.h>

#include "etcd/member.hpp"
#include "etcd/upkeep.hpp"

namespace holdfast::etcd {
namespace {

using Kind = Plan::Kind;

Situation fresh() {
  return {.name = "pg1", .peer_urls = {"http://10.0.1.11:2380"}, .members = {}};
}
dcs::StoreMember started(std::uint64_t id, std::string name) {
  return {
      .id = id, .name = std::move(name), .peer_urls = {"http://x:2380"}, .client_urls = {"http://x:2379"}};
}

TEST(PlanStart, bootstraps_when_nothing_was_ever_there) {
  EXPECT_EQ(plan_start(fresh()).kind, Kind::bootstrap);
}

TEST(PlanStart, never_takes_a_lost_directory_for_a_first_start) {  // EC-38
  auto situation = fresh();
  situation.had_joined = true;
  EXPECT_EQ(plan_start(situation).kind, Kind::wait);
  situation.is_alone = true;
  EXPECT_EQ(plan_start(situation).kind, Kind::wait);
}

TEST(PlanStart, joins_anew_in_place_of_its_former_self) {
  auto situation = fresh();
  situation.had_joined = true;
  situation.members = {{started(7, "pg1"), started(8, "pg2")}};
  const auto plan = plan_start(situation);
  EXPECT_EQ(plan.kind, Kind::join);
  EXPECT_EQ(plan.remove, 7U);
}

TEST(PlanStart, takes_the_place_that_is_kept_for_it) {
  auto situation = fresh();
  situation.members = {
      {started(8, "pg2"), {.id = 9, .name = "", .peer_urls = {"http://10.0.1.11:2380"}, .client_urls = {}}}};
  const auto plan = plan_start(situation);
  EXPECT_EQ(plan.kind, Kind::join);
  EXPECT_TRUE(plan.is_added);
  EXPECT_EQ(plan.remove, std::nullopt);
}

TEST(PlanStart, a_late_member_of_a_new_cluster_starts_as_configured) {
  auto situation = fresh();
  situation.members = {{started(8, "pg2"),
                        {.id = 7, .name = "pg1", .peer_urls = {"http://10.0.1.11:2380"}, .client_urls = {}}}};
  EXPECT_EQ(plan_start(situation).kind, Kind::bootstrap);
}

TEST(PlanStart, starts_with_its_data_unless_it_was_removed) {
  auto situation = fresh();
  situation.has_data = true;
  EXPECT_EQ(plan_start(situation).kind, Kind::start);
  situation.members = {{started(8, "pg2")}};
  EXPECT_EQ(plan_start(situation).kind, Kind::move_aside);
}

TEST(Arguments, name_certificates_only_where_there_are_some) {
  config::EtcdServerConfig server;
  const auto plain = arguments_of(server, "pg1=http://10.0.1.11:2380", "new");
  for (const auto& argument : plain) EXPECT_EQ(argument.find("cert"), std::string::npos) << argument;
  server.cert = "/c.pem";
  server.key = "/c.key";
  server.cacert = "/ca.pem";
  server.client_cert_auth = true;
  server.peer_cert = "/p.pem";
  server.peer_key = "/p.key";
  server.peer_cacert = "/pca.pem";
  const auto secure = arguments_of(server, "pg1=https://10.0.1.11:2380", "new");
  const std::vector<std::string> added{secure.begin() + static_cast<std::ptrdiff_t>(plain.size()),
                                       secure.end()};
  EXPECT_EQ(added, (std::vector<std::string>{
                       "--cert-file=/c.pem", "--key-file=/c.key", "--trusted-ca-file=/ca.pem",
                       "--client-cert-auth=true", "--peer-cert-file=/p.pem", "--peer-key-file=/p.key",
                       "--peer-trusted-ca-file=/pca.pem", "--peer-client-cert-auth=true"}));
}

TEST(Upkeep, leaves_small_or_full_files_alone) {
  EXPECT_FALSE(is_fragmented({.version = {}, .db_bytes = 1'000'000, .db_bytes_in_use = 1000, .members = {}}));
  EXPECT_FALSE(
      is_fragmented({.version = {}, .db_bytes = 100'000'000, .db_bytes_in_use = 90'000'000, .members = {}}));
  EXPECT_TRUE(
      is_fragmented({.version = {}, .db_bytes = 100'000'000, .db_bytes_in_use = 9'000'000, .members = {}}));
}

}  // namespace
}  // namespace holdfast::etcd
