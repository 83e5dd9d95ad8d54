#include "drill/processes.hpp"

#include <gtest/gtest.h>

#include "drill/hands.hpp"

namespace holdfast::drill {
namespace {

const NodeTraits pg1{
    .name = "pg1", .config_file = "/d/holdfast.yaml", .data_dir = "/d/nodes/demo/pg1/postgresql"};

Process holdfast(pid_t pid, pid_t parent, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/holdfast");
  return {.pid = pid,
          .parent = parent,
          .started = 1,
          .state = 'S',
          .program = "holdfast",
          .arguments = std::move(arguments)};
}

Process postgres(pid_t pid, pid_t parent, std::string directory) {
  return {.pid = pid,
          .parent = parent,
          .started = 1,
          .state = 'S',
          .program = "postgres",
          .directory = std::move(directory)};
}

// A node as it runs, its postmaster a child of init as after an agent's restart.
std::vector<Process> a_node() {
  return {holdfast(10'010, 1, {"run", "-c", "/d/holdfast.yaml", "--node", "pg1"}),
          holdfast(10'011, 10'010, {"agent", "-c", "/d/holdfast.yaml", "--node", "pg1"}),
          {.pid = 10'012, .parent = 10'013, .started = 1, .state = 'S', .program = "etcd"},
          holdfast(10'013, 10'010, {"etcd", "-c", "/d/holdfast.yaml", "--node", "pg1"}),
          postgres(10'020, 1, pg1.data_dir),
          postgres(10'021, 10'020, pg1.data_dir)};
}

TEST(Processes, of_a_node_are_its_supervisor_all_below_it_and_its_postgresql) {
  EXPECT_EQ(processes_of(pg1, a_node()).size(), 6U);
}

TEST(Processes, of_others_are_left_alone) {
  const std::vector<Process> others{
      holdfast(20'001, 1, {"run", "-c", "/d/holdfast.yaml", "--node", "pg2"}),
      holdfast(20'002, 1, {"run", "-c", "/other.yaml", "--node", "pg1"}),
      postgres(20'003, 1, "/var/lib/postgresql/15/main"),
      {.pid = 20'004, .parent = 1, .program = "etcd"},
      {.pid = 20'005, .parent = 1, .program = "vi", .arguments = {"vi", "--node", "pg1"}}};
  EXPECT_TRUE(processes_of(pg1, others).empty());
}

TEST(Blows, at_postgresql_kill_the_postmaster_alone_but_freeze_its_backends_too) {
  const auto node = processes_of(pg1, a_node());
  EXPECT_EQ(targets_of({"pg1", Victim::postgres, Deed::kill}, node).size(), 1U);
  EXPECT_EQ(targets_of({"pg1", Victim::postgres, Deed::freeze}, node).size(), 2U);
}

TEST(Blows, at_a_node_hit_the_supervisor_first_and_wake_it_last) {
  const auto node = processes_of(pg1, a_node());
  EXPECT_EQ(targets_of({"pg1", Victim::node, Deed::kill}, node).front().pid, 10'010);
  EXPECT_EQ(targets_of({"pg1", Victim::node, Deed::thaw}, node).back().pid, 10'010);
}

TEST(Blows, at_the_roles_of_a_node_spare_its_supervisor) {
  const auto hit = targets_of({"pg1", Victim::roles, Deed::kill}, processes_of(pg1, a_node()));
  ASSERT_EQ(hit.size(), 5U);
  for (const auto& process : hit) EXPECT_NE(process.pid, 10'010);
}

TEST(Blows, at_etcd_spare_the_role_that_supervises_it) {
  const auto hit = targets_of({"pg1", Victim::etcd, Deed::kill}, processes_of(pg1, a_node()));
  ASSERT_EQ(hit.size(), 1U);
  EXPECT_EQ(hit[0].program, "etcd");
}

}  // namespace
}  // namespace holdfast::drill
