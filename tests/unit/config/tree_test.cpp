#include "config/tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "config/dynamic.hpp"
#include "config/values.hpp"

namespace holdfast::config {
namespace {

Node tree_of(const char* json) {
  return parse_json(json).value();
}

TEST(Tree, finds_values_by_path) {
  const Node tree = tree_of(R"({"a":{"b":[{"c":5},{"c":6}]}})");
  ASSERT_NE(tree.at_path("a.b[1].c"), nullptr);
  EXPECT_EQ(tree.at_path("a.b[1].c")->text, "6");
  EXPECT_EQ(tree.at_path("a.b[2].c"), nullptr);
  EXPECT_EQ(tree.at_path("a.x"), nullptr);
}

TEST(Tree, lays_maps_over_maps_and_replaces_the_rest) {
  Node base = tree_of(R"({"a":{"x":1,"y":2},"b":[1],"c":1})");
  overlay(base, tree_of(R"({"a":{"y":3},"b":[2,3],"d":null})"));
  EXPECT_EQ(print_json(base), R"({"a":{"x":1,"y":3},"b":[2,3],"c":1,"d":null})");
}

TEST(Tree, says_whether_a_patch_changed_anything) {
  Node base = tree_of(R"({"a":{"x":1},"b":2})");
  EXPECT_FALSE(patch(base, tree_of(R"({"a":{"x":1},"z":null})")));
  EXPECT_TRUE(patch(base, tree_of(R"({"b":null})")));
  EXPECT_EQ(print_json(base), R"({"a":{"x":1}})");
}

TEST(Tree, compares_by_value) {
  EXPECT_TRUE(tree_of(R"({"a":1,"b":2})").same_value(tree_of(R"({"b":2,"a":1})")));
  EXPECT_FALSE(tree_of(R"({"a":1})").same_value(tree_of(R"({"a":"1"})")));
}

RC_GTEST_PROP(HostPort, survives_a_round_trip, ()) {
  const auto host = *rc::gen::element<std::string>("10.0.0.1", "*", "db.example.org", "::1", "fe80::1");
  const HostPort address{host, *rc::gen::inRange(1, 65536)};
  RC_ASSERT(parse_host_port(print_host_port(address)).value() == address);
}

TEST(StringMap, keeps_the_order_and_replaces_in_place) {
  StringMap map{{"b", "1"}, {"a", "2"}};
  map.set("b", "3");
  map.set("c", "4");
  map.erase("a");
  EXPECT_EQ(map, (StringMap{{"b", "3"}, {"c", "4"}}));
  EXPECT_FALSE(map.contains("a"));
}

}  // namespace
}  // namespace holdfast::config
