#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "async/task_group.hpp"
#include "postgres/data_directory.hpp"

namespace holdfast::postgres {
namespace {

namespace fs = std::filesystem;

// A data directory of plain files, beside other disks; and a program `rm` that is found before the real one.
class Removal : public ::testing::Test {
 protected:
  Removal() : path_{std::getenv("PATH")} {
    char pattern[] = "/tmp/holdfast-removal-XXXXXX";
    root = ::mkdtemp(pattern);
    options.data_dir = (root / "data").string();
    options.set_aside_keep = 1;
    fs::create_directories(root / "data/pg_tblspc");
    fs::create_directories(root / "bin");
    write(root / "data/PG_VERSION");
  }
  ~Removal() override {
    ::setenv("PATH", path_.c_str(), 1);
    fs::remove_all(root);
  }

  static void write(const fs::path& file) {
    fs::create_directories(file.parent_path());
    std::ofstream{file} << "x";
  }
  void put_rm(const std::string& script) {
    std::ofstream{root / "bin/rm"} << "#!/bin/sh\n" << script << "\n";
    fs::permissions(root / "bin/rm", fs::perms::owner_all);
    ::setenv("PATH", ((root / "bin").string() + ":" + path_).c_str(), 1);
  }

  template <class T>
  Result<T> run(awaitable<Result<T>> work) {
    asio::io_context loop;
    std::optional<Result<T>> outcome;
    asio::co_spawn(loop, std::move(work), [&](const std::exception_ptr& failure, Result<T> result) {
      if (failure) std::rethrow_exception(failure);
      outcome = std::move(result);
      loop.stop();
    });
    loop.run_for(20s);
    if (!outcome) return fail(Errc::timed_out, "the test's work did not end");
    return *std::move(outcome);
  }

  fs::path root;
  Options options;

 private:
  std::string path_;
};

TEST_F(Removal, empties_the_directory_and_linked_disks_and_keeps_both) {
  write(root / "wal/000000010000000000000001");
  write(root / "disk/PG_15/16384/1");
  write(root / "elsewhere/precious");
  fs::create_directory_symlink(root / "wal", root / "data/pg_wal");
  fs::create_directory_symlink(root / "disk", root / "data/pg_tblspc/16384");
  fs::create_directory_symlink(root / "elsewhere", root / "data/base");
  const auto removed = run(remove_contents(options));
  EXPECT_TRUE(removed.has_value()) << to_string(removed.error());
  for (const char* kept : {"data", "wal", "disk"}) {
    EXPECT_TRUE(fs::is_directory(root / kept)) << kept;
    EXPECT_TRUE(fs::is_empty(root / kept)) << kept;
  }
  EXPECT_TRUE(fs::exists(root / "elsewhere/precious")) << "a link that is not PostgreSQL's is not followed";
}

// `rm` waits for what only the loop can do.
awaitable<void> let_go(fs::path file) {
  co_await async::sleep_for(50ms);
  std::ofstream{file} << "go";
}
awaitable<Result<void>> remove_while_the_loop_works(Options options, fs::path file) {
  async::TaskGroup others{co_await asio::this_coro::executor};
  others.spawn("let go", let_go(std::move(file)));
  auto removed = co_await remove_contents(std::move(options));
  co_await others.stop();
  co_return removed;
}
TEST_F(Removal, leaves_the_loop_free_for_other_work) {
  const auto go = root / "go";
  put_rm("n=0; until [ -e " + go.string() +
         " ]; do sleep 0.05; n=$((n+1)); [ $n -lt 300 ] || exit 9; done; exec /bin/rm \"$@\"");
  const auto removed = run(remove_while_the_loop_works(options, go));
  EXPECT_TRUE(removed.has_value()) << to_string(removed.error());
  EXPECT_TRUE(fs::is_empty(options.data_dir));
}

TEST_F(Removal, says_what_could_not_be_removed) {
  put_rm("echo \"rm: cannot remove '$3': Input/output error\" >&2; exit 1");
  const auto removed = run(remove_contents(options));
  ASSERT_FALSE(removed.has_value());
  EXPECT_NE(removed.error().context.find("Input/output error"), std::string::npos) << removed.error().context;
}

TEST_F(Removal, of_directories_set_aside_earlier_takes_their_disks_but_never_live_ones) {
  const auto old = root / "data.replaced-20200101000000";
  write(old / "PG_VERSION");
  write(root / "disk.replaced-20200101000000/1");
  write(root / "live/1");
  write(root / "data.broken-20200101000000/PG_VERSION");
  write(root / "data.replaced-by-hand/PG_VERSION");
  fs::create_directories(old / "pg_tblspc");
  fs::create_directory_symlink(root / "disk.replaced-20200101000000", old / "pg_tblspc/1");
  fs::create_directory_symlink(root / "live", old / "pg_tblspc/2");
  const auto moved = run(set_aside(options, "replaced"));
  ASSERT_TRUE(moved.has_value()) << to_string(moved.error());
  EXPECT_TRUE(fs::exists(fs::path{*moved} / "PG_VERSION"));
  EXPECT_FALSE(fs::exists(options.data_dir));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_FALSE(fs::exists(root / "disk.replaced-20200101000000"));
  EXPECT_TRUE(fs::exists(root / "live/1"));
  EXPECT_TRUE(fs::exists(root / "data.broken-20200101000000"));
  EXPECT_TRUE(fs::exists(root / "data.replaced-by-hand"));
}

TEST_F(Removal, that_fails_does_not_undo_setting_aside) {
  write(root / "data.replaced-20200101000000/PG_VERSION");
  put_rm("exit 1");
  const auto moved = run(set_aside(options, "replaced"));
  ASSERT_TRUE(moved.has_value()) << to_string(moved.error());
  EXPECT_TRUE(fs::exists(*moved));
  EXPECT_TRUE(fs::exists(root / "data.replaced-20200101000000"));
}

}  // namespace
}  // namespace holdfast::postgres
