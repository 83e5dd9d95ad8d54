#include "integration/postgres/world.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>
#include <filesystem>
#include <set>

namespace holdfast::postgres {
namespace {

// PostgreSQL refuses root, so a test run by root goes on as the account that Debian's package made.
bool leave_root() {
  if (getuid() != 0) return true;
  const passwd* account = getpwnam("postgres");
  if (account == nullptr) return false;
  return initgroups(account->pw_name, account->pw_gid) == 0 && setgid(account->pw_gid) == 0 &&
         setuid(account->pw_uid) == 0;
}

bool small_disk_made = false;

// In a mount namespace of this process alone, so that nothing is left of it; only root may.
void make_small_disk() {
  if (getuid() != 0 || unshare(CLONE_NEWNS) != 0) return;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
  small_disk_made = mount("tmpfs", small_disk, "tmpfs", 0, "size=20m,mode=1777") == 0;
}

// The folder of this run; removed with all that runs in it.
class Folder {
 public:
  Folder() {
    make_small_disk();
    if (!leave_root()) throw std::runtime_error("run as root there must be an account postgres");
    char name[] = "/tmp/holdfast-test-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("no folder in /tmp");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::string& folder() {
  static const Folder made;
  return made.path();
}

int free_port() {
  asio::io_context loop;
  asio::ip::tcp::acceptor probe{loop, {asio::ip::make_address_v4("127.0.0.1"), 0}};
  return probe.local_endpoint().port();
}

// By pid, and only what works in a data directory of this test.
void kill_the_rest() {
  for (const auto& entry : std::filesystem::directory_iterator{folder()}) {
    Options options;
    options.data_dir = entry.path().string() + "/data";
    for (const pid_t pid : processes_of(options)) ::kill(pid, SIGKILL);
  }
}

awaitable<Result<void>> within(awaitable<void> story) {
  try {
    co_await std::move(story);
  } catch (const std::exception& failure) {
    co_return fail(Errc::internal, failure.what());
  }
  co_return Result<void>{};
}
awaitable<void> bounded(awaitable<void> story) {
  auto told = co_await async::with_timeout(120s, within(std::move(story)));
  EXPECT_TRUE(told) << to_string(told.error());
}

}  // namespace

bool has_small_disk() {
  folder();
  return small_disk_made;
}

Place::Place(std::string name) : name_{std::move(name)}, port_{free_port()} {
  std::filesystem::create_directories(folder() + "/" + name_);
}

Options Place::options() const {
  Options options;
  const std::string own = folder() + "/" + name_;
  options.scope = "demo";
  options.member = name_;
  options.data_dir = own + "/data";
  options.listen = "127.0.0.1";
  options.port = port_;
  options.socket_dir = own;
  options.superuser.password = Secret{"super % ' \\ : \" secret"};
  options.replication = {.username = "replicator", .password = Secret{"repl:ica\\tion'"}};
  options.rewind = {.username = "rewinder", .password = Secret{"re wind"}};
  // The tests' machine does not lose power: without this they would mostly wait for the disk.
  options.initdb = {{"no-sync", ""}};
  options.basebackup = options.rewind_options = {"--no-sync"};
  options.parameters = {
      {"shared_buffers", "16MB"}, {"fsync", "off"}, {"wal_keep_size", "64MB"}, {"log_connections", "off"}};
  return options;
}

void tell(awaitable<void> story) {
  asio::io_context loop;
  asio::co_spawn(loop, bounded(std::move(story)), [](const std::exception_ptr& failure) {
    EXPECT_NO_THROW(if (failure) std::rethrow_exception(failure));
  });
  loop.run();
  kill_the_rest();
}

awaitable<Result<std::string>> make_primary(Control* control) {
  BootstrapOptions how;
  auto made = co_await control->bootstrap(std::move(how));
  if (!made) co_return tl::unexpected(made.error());
  StartOptions start{.role = Role::primary};
  auto started = co_await control->start(std::move(start));
  if (!started) co_return tl::unexpected(started.error());
  co_return made->system_identifier;
}

Upstream upstream_of(const Control& control) {
  return {.member = control.options().member, .host = "127.0.0.1", .port = control.options().port};
}

awaitable<Result<void>> make_standby(Control* control, Upstream source) {
  CloneOptions how;
  auto cloned = co_await control->clone(source, std::move(how));
  if (!cloned) co_return cloned;
  StartOptions start{.role = Role::standby, .upstream = source};
  auto started = co_await control->start(std::move(start));
  if (!started) co_return tl::unexpected(started.error());
  co_return Result<void>{};
}

awaitable<Result<void>> wait_for_answer(Control* control, std::string sql, std::string wanted) {
  const auto deadline = BootClock::now() + 20s;
  std::string last;
  while (BootClock::now() < deadline) {
    auto answer = co_await control->query(sql, {}, 3s);
    if (answer && !answer->empty() && answer->rows[0][0] == wanted) co_return Result<void>{};
    if (!answer)
      last = to_string(answer.error());
    else
      last = answer->empty() ? "no row" : answer->rows[0][0].value_or("NULL");
    co_await async::sleep_for(10ms);
  }
  co_return fail(Errc::timed_out, sql + " never answered " + wanted + " but " + last);
}

}  // namespace holdfast::postgres
