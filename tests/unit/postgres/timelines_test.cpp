#include "postgres/timelines.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "postgres/config_files.hpp"

namespace holdfast::postgres {
namespace {

// A data directory with nothing but pg_wal in it.
class Timelines : public ::testing::Test {
 protected:
  Timelines() {
    char name[] = "/tmp/holdfast-timelines-XXXXXX";
    options_.data_dir = ::mkdtemp(name);
    std::filesystem::create_directory(options_.data_dir + "/pg_wal");
  }
  ~Timelines() override { std::filesystem::remove_all(options_.data_dir); }

  std::string path(const std::string& number) const {
    return options_.data_dir + "/pg_wal/" + number + ".history";
  }
  void write(const std::string& number, const std::string& text) { std::ofstream{path(number)} << text; }
  bool has(const std::string& number) const { return std::filesystem::exists(path(number)); }

  Options options_;
};

TEST_F(Timelines, writes_nothing_for_the_next_number) {
  EXPECT_TRUE(reserve_timelines(options_, 1, 2));
  EXPECT_TRUE(std::filesystem::is_empty(options_.data_dir + "/pg_wal"));
}

TEST_F(Timelines, takes_the_numbers_between_and_leaves_real_histories_alone) {
  write("00000003", "1\t0/5000000\tno recovery target specified\n");
  EXPECT_TRUE(reserve_timelines(options_, 1, 0xb));
  EXPECT_EQ(read_text(path("00000002")).value(),
            "# timeline 2 was begun by another member and is not in this history\n");
  EXPECT_EQ(read_text(path("00000003")).value(), "1\t0/5000000\tno recovery target specified\n");
  EXPECT_TRUE(has("0000000A"));
  EXPECT_FALSE(has("0000000B"));
  EXPECT_EQ(newest_timeline(options_, 1), 10U);
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path("00000002")).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(Timelines, refuses_a_number_that_postgresql_would_not_take) {
  EXPECT_EQ(reserve_timelines(options_, 3, 3).error().code, Errc::conflict);
  write("00000004", "3\t0/5000000\tx\n");
  EXPECT_EQ(reserve_timelines(options_, 3, 4).error().code, Errc::conflict);
  EXPECT_TRUE(reserve_timelines(options_, 3, 5));
}

TEST_F(Timelines, refuses_a_number_that_only_a_mistake_explains_and_writes_nothing) {
  EXPECT_EQ(reserve_timelines(options_, 1, 900'000).error().code, Errc::refused);
  EXPECT_TRUE(std::filesystem::is_empty(options_.data_dir + "/pg_wal"));
}

TEST_F(Timelines, drops_what_an_interrupted_promotion_left) {
  ASSERT_TRUE(reserve_timelines(options_, 2, 6));
  EXPECT_TRUE(drop_reserved_timelines(options_, 2));
  EXPECT_TRUE(std::filesystem::is_empty(options_.data_dir + "/pg_wal"));
}

TEST_F(Timelines, keeps_what_leads_to_a_real_history_and_what_lies_behind) {
  ASSERT_TRUE(reserve_timelines(options_, 1, 4));
  write("00000004", "1\t0/5000000\tno recovery target specified\n");
  EXPECT_TRUE(drop_reserved_timelines(options_, 1));
  EXPECT_TRUE(has("00000002") && has("00000003") && has("00000004"));
  ASSERT_TRUE(reserve_timelines(options_, 4, 6));
  EXPECT_TRUE(drop_reserved_timelines(options_, 4));
  EXPECT_TRUE(has("00000002") && has("00000003") && has("00000004"));
  EXPECT_FALSE(has("00000005"));
}

}  // namespace
}  // namespace holdfast::postgres
