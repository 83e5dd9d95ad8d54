#include "postgres/proc_scan.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>

#include "async/with_timeout.hpp"

namespace holdfast::postgres {
namespace {

namespace fs = std::filesystem;

std::string proc_path(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

bool runs_postgres(pid_t pid) {
  std::error_code failure;
  std::string name = fs::read_symlink(proc_path(pid, "exe"), failure).filename().string();
  // A package upgrade replaced the file under the running server.
  if (const auto at = name.find(" (deleted)"); at != std::string::npos) name.erase(at);
  return !failure && (name == "postgres" || name == "postmaster");
}

bool same_folder(const std::string& one, const std::string& other) {
  struct stat first{};
  struct stat second{};
  if (::stat(one.c_str(), &first) != 0 || ::stat(other.c_str(), &second) != 0) return false;
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// By pidfd, and looked at again through it, so that a pid reused since the scan is not hit.
void kill_surely(const Options& options, pid_t pid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return;
  if (works_in(options, pid)) ::syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
  ::close(fd);
}

}  // namespace

bool works_in(const Options& options, pid_t pid) {
  return pid > 1 && runs_postgres(pid) && same_folder(proc_path(pid, "cwd"), options.data_dir);
}

pid_t parent_of(pid_t pid) {
  const auto text = read_text(proc_path(pid, "stat"));
  if (!text) return 0;
  const auto name_end = text->rfind(')');  // "pid (name) state ppid": the name may hold anything
  if (name_end == std::string::npos || name_end + 4 >= text->size()) return 0;
  pid_t parent = 0;
  std::from_chars(text->data() + name_end + 4, text->data() + text->size(), parent);
  return parent;
}

bool is_our_command_line(const Options& options, pid_t pid) {
  const auto text = read_text(proc_path(pid, "cmdline"));
  return text && text->find("--cluster_name=" + options.scope + '\0') != std::string::npos;
}

std::vector<pid_t> processes_of(const Options& options) {
  std::vector<pid_t> found;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator{"/proc", failure}) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), pid);
    const bool is_pid = ec == std::errc{} && end == name.data() + name.size();
    if (is_pid && works_in(options, pid)) found.push_back(pid);
  }
  return found;
}

awaitable<Result<void>> kill_all_processes(Options options, nanoseconds limit) {
  const auto deadline = BootClock::now() + limit;
  const auto executor = co_await asio::this_coro::executor;
  // The postmaster first: it can't start another backend, nor crash recovery, any more.
  auto postmaster = find_postmaster(executor, options);
  if (postmaster) {
    auto killed = postmaster->signal(SIGKILL);
    if (!killed) co_return tl::unexpected(killed.error());
  }
  for (;;) {
    const auto left = processes_of(options);
    if (left.empty()) break;
    for (const pid_t pid : left) kill_surely(options, pid);
    if (BootClock::now() > deadline) {
      co_return fail(Errc::timed_out,
                     fmt::format("{} PostgreSQL processes, {} first, survive SIGKILL; they wait for a "
                                 "disk that does not answer",
                                 left.size(), left.front()));
    }
    co_await async::sleep_for(2ms);
  }
  if (!postmaster) co_return Result<void>{};
  // A dying process gives up its memory first, and its sockets and pid last: the next postmaster would meet
  // it.
  auto end = postmaster->wait_exit();
  co_return co_await async::with_timeout(std::max<nanoseconds>(deadline - BootClock::now(), 1s),
                                         std::move(end));
}

}  // namespace holdfast::postgres
