#include "dcs/ha_mapping.hpp"

#include <gtest/gtest.h>

namespace holdfast::dcs {
namespace {

ha::SyncKey read(const std::string& text) {
  const Keys keys{"service", "demo"};
  Snapshot snapshot;
  snapshot.entries.push_back({.key = keys.sync(), .value = text, .mod_revision = 7});
  return to_ha(parse_cluster(keys, snapshot)).sync;
}

TEST(HaMapping, reads_how_many_of_the_listed_standbys_have_every_commit) {
  const auto sync = read(R"({"leader":"pg1","quorum":2,"sync_standby":"pg4,pg2,pg3"})");
  EXPECT_EQ(sync.standbys, (std::vector<ha::Name>{"pg2", "pg3", "pg4"}));
  EXPECT_EQ(sync.quorum, 2U);
  EXPECT_EQ(sync.acknowledgers(), 1U);
  EXPECT_EQ(read(R"({"leader":"pg1","sync_standby":"pg2,pg3"})").acknowledgers(), 2U) << "mode `on`";
  EXPECT_EQ(read(R"({"leader":"pg1","quorum":5,"sync_standby":"pg2"})").acknowledgers(), 0U);
}

TEST(HaMapping, writes_the_quorum_as_patroni_does) {
  const ha::WriteSync write{.standbys = {"pg2", "pg3"}, .expected_revision = 60, .quorum = 1};
  const auto txn = txn_for(write, Keys{"service", "demo"}, Writer{.self = "pg1"});
  ASSERT_TRUE(txn);
  EXPECT_EQ(std::get<Put>(txn->success.front()).value,
            R"({"leader":"pg1","quorum":1,"sync_standby":"pg2,pg3"})");
}

}  // namespace
}  // namespace holdfast::dcs
