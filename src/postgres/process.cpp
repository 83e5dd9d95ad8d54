#include "postgres/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <filesystem>

#include "postgres/proc_scan.hpp"

namespace holdfast::postgres {
namespace {

int open_pidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

template <class Number>
Number number_of(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  const auto last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? "" : std::string{text.substr(first, last - first + 1)};
}

}  // namespace

Result<PidFile> parse_pid_file(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < 8) {
    const auto end = text.find('\n');
    lines.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  PidFile file;
  if (!lines.empty()) file.pid = number_of<pid_t>(lines[0]);
  if (file.pid < 0 && file.pid != INT_MIN)
    file.pid = -file.pid;  // a single-user backend writes its pid negated
  if (file.pid <= 1) return fail(Errc::bad_message, "postmaster.pid names no process");
  lines.resize(8);
  file.data_dir = lines[1];
  file.started = number_of<std::int64_t>(lines[2]);
  file.port = number_of<int>(lines[3]);
  file.socket_dir = lines[4];
  file.listen = lines[5];
  file.status = lines[7];
  return file;
}

struct Postmaster::State {
  State(const asio::any_io_executor& executor, pid_t id, int fd) : pid{id}, pidfd{executor, fd} {}
  pid_t pid;
  asio::posix::stream_descriptor pidfd;
  bool is_foreign = false;

  bool has_ended() {
    pollfd ready{pidfd.native_handle(), POLLIN, 0};
    if (::poll(&ready, 1, 0) != 1) return false;
    ::waitpid(pid, nullptr, WNOHANG);  // reaps our child; ECHILD for an adopted one
    return true;
  }
};

pid_t Postmaster::pid() const {
  return state_->pid;
}
bool Postmaster::is_alive() const {
  return !state_->has_ended();
}
bool Postmaster::is_foreign() const {
  return state_->is_foreign;
}

Result<void> Postmaster::signal(int number) const {
  const long sent = ::syscall(SYS_pidfd_send_signal, state_->pidfd.native_handle(), number, nullptr, 0);
  if (sent == 0 || errno == ESRCH) return {};
  return async::fail_with_errno(fmt::format("sending signal {} to postmaster {}", number, state_->pid),
                                errno);
}

awaitable<Result<void>> Postmaster::wait_exit() const {
  const auto state = state_;
  co_await state->pidfd.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
  state->has_ended();
  co_return Result<void>{};
}

Result<Postmaster> hold_child(const asio::any_io_executor& executor, pid_t pid) {
  const int fd = open_pidfd(pid);
  if (fd < 0) return async::fail_with_errno(fmt::format("watching postmaster {}", pid), errno);
  return Postmaster{std::make_shared<Postmaster::State>(executor, pid, fd)};
}

Result<Postmaster> hold_postmaster(const asio::any_io_executor& executor, const Options& options, pid_t pid) {
  auto held = hold_child(executor, pid);
  // Looked at only now, while the pidfd pins the process: a reused pid shows here (EC-39).
  if (!held || !works_in(options, pid) || works_in(options, parent_of(pid))) {
    return fail(Errc::not_found, fmt::format("process {} is no postmaster of {}", pid, options.data_dir));
  }
  held->state_->is_foreign = !is_our_command_line(options, pid);
  return held;
}

Result<Postmaster> find_postmaster(const asio::any_io_executor& executor, const Options& options) {
  const auto text = read_text(options.data_dir + "/postmaster.pid");
  if (!text) return fail(Errc::not_found, "no PostgreSQL runs in " + options.data_dir);
  const auto file = parse_pid_file(*text);
  if (!file) return fail(Errc::not_found, file.error().context);
  auto held = hold_postmaster(executor, options, file->pid);
  if (held && !held->is_alive()) return fail(Errc::not_found, "no PostgreSQL runs in " + options.data_dir);
  return held;
}

}  // namespace holdfast::postgres
