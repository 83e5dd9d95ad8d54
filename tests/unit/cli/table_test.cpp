#include "cli/table.hpp"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>

#include "cli/text.hpp"
#include "cli/yaml.hpp"

namespace holdfast::cli {
namespace {

Table small_table() {
  Table table{.title = " Cluster: demo (7412) "};
  table.columns = {{.name = "Cluster", .is_pretty = false},
                   {.name = "Member"},
                   {.name = "Receive Lag", .head = "Lag", .is_right = true}};
  table.rows = {{"demo", "pg1-with-a-long-name", ""}, {"demo", "pg2", 16}};
  table.omits_empty = true;
  return table;
}

TEST(Table, carries_its_title_in_the_upper_border) {
  EXPECT_EQ(print_table(small_table(), Format::pretty),
            "+ Cluster: demo (7412) +-----+\n"
            "| Member               | Lag |\n"
            "+----------------------+-----+\n"
            "| pg1-with-a-long-name |     |\n"
            "| pg2                  |  16 |\n"
            "+----------------------+-----+\n");
}

TEST(Table, cuts_a_title_that_is_wider_than_itself) {
  Table table{.title = " a very long title indeed "};
  table.columns = {{.name = "X"}};
  EXPECT_EQ(print_table(table, Format::pretty), "+ a +\n| X |\n+---+\n+---+\n");
}

TEST(Table, draws_rules_between_rows_when_a_cell_has_lines) {
  Table table;
  table.columns = {{.name = "M"}, {.name = "Tags"}};
  table.rows = {{"pg1", boost::json::object{{"b", true}, {"a", 1}}}, {"pg2", ""}};
  EXPECT_EQ(print_table(table, Format::pretty),
            "+-----+---------+\n| M   | Tags    |\n+-----+---------+\n| pg1 | a: 1    |\n|     | b: true |\n"
            "+-----+---------+\n| pg2 |         |\n+-----+---------+\n");
}

TEST(Table, has_every_column_in_the_forms_for_machines) {
  EXPECT_EQ(print_table(small_table(), Format::tsv),
            "Cluster\tMember\tReceive Lag\ndemo\tpg1-with-a-long-name\t\ndemo\tpg2\t16\n");
  EXPECT_EQ(print_table(small_table(), Format::json),
            "[{\"Cluster\": \"demo\", \"Member\": \"pg1-with-a-long-name\"}, "
            "{\"Cluster\": \"demo\", \"Member\": \"pg2\", \"Receive Lag\": 16}]\n");
  EXPECT_EQ(print_table(small_table(), Format::yaml),
            "- Cluster: demo\n  Member: pg1-with-a-long-name\n- Cluster: demo\n  Member: pg2\n  Receive Lag: "
            "16\n\n");
}

TEST(Text, counts_characters_not_bytes) {
  EXPECT_EQ(width_of("Zürich"), 6U);
  EXPECT_EQ(first_characters("Zürich", 2), "Zü");
}

TEST(Yaml, quotes_what_would_be_read_as_something_else) {
  const boost::json::object value{{"b", "on"},   {"a", "100"}, {"c", "plain words"}, {"d", ""}, {"e", "a: b"},
                                  {"f", "it's"}, {"g", "'"}};
  EXPECT_EQ(print_yaml(value), "a: '100'\nb: 'on'\nc: plain words\nd: ''\ne: 'a: b'\nf: it's\ng: ''''\n");
}

TEST(Yaml, nests_lists_under_their_key_without_indent) {
  const boost::json::value value = {{"pg_hba", {"local all all trust", "host all all all md5"}},
                                    {"empty", boost::json::object{}},
                                    {"list", {{{"name", "a"}, {"type", "b"}}}}};
  EXPECT_EQ(
      print_yaml(value),
      "empty: {}\nlist:\n- name: a\n  type: b\npg_hba:\n- local all all trust\n- host all all all md5\n");
}

TEST(Yaml, reads_back_what_it_printed) {
  const boost::json::value value = {{"ttl", 30},
                                    {"ratio", 0.5},
                                    {"on", true},
                                    {"none", nullptr},
                                    {"text", "off"},
                                    {"version", "15"},
                                    {"when", "2026-01-14"},
                                    {"two\nlines", "a\nb"},
                                    {"inner", {{"list", {1, "2", false}}}}};
  const auto again = parse_yaml(print_yaml(value), "test");
  ASSERT_TRUE(again) << again.error().context;
  EXPECT_EQ(*again, value);
}

TEST(Yaml, says_where_a_text_is_broken) {
  const auto broken = parse_yaml("a: [1, 2", "change.yml");
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().context.find("change.yml"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::cli
