#include "async/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "async/fd.hpp"
#include "async/with_timeout.hpp"

extern char** environ;

namespace holdfast::async {
namespace {

struct Pipe {
  Fd read_end, write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_with_errno("pipe", errno);
  Pipe made;
  made.read_end = Fd{ends[0]};
  made.write_end = Fd{ends[1]};
  return made;
}

bool is_private(std::string_view assignment) {
  constexpr std::string_view hidden[] = {"PATRONI_", "HOLDFAST_", "NOTIFY_SOCKET=", "WATCHDOG_"};
  for (const auto prefix : hidden) {
    if (assignment.starts_with(prefix)) return true;
  }
  return false;
}

std::vector<std::string> environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view assignment{*entry};
    const std::string name{assignment.substr(0, assignment.find('='))};
    if (!is_private(assignment) && !added.contains(name)) result.emplace_back(assignment);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Account {
  uid_t uid;
  gid_t gid;
  std::string name;
};

// What the child needs, made before fork: after it only async-signal-safe calls are allowed.
struct Prepared {
  std::vector<std::string> argv, env;
  std::vector<char*> argv_pointers, env_pointers;
  std::vector<gid_t> groups;
  std::optional<Account> account;
  int input = -1, output = -1, failure = -1;
};

[[noreturn]] void report_and_exit(int fd) {
  const int number = errno;
  [[maybe_unused]] const auto written = write(fd, &number, sizeof number);
  _exit(127);
}

[[noreturn]] void become_child(const ChildOptions& options, Prepared& prepared, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2})
    signal(number, SIG_DFL);
  if (options.own_session) setsid();
  if (options.network_namespace >= 0 && setns(options.network_namespace, CLONE_NEWNET) != 0)
    report_and_exit(prepared.failure);
  if (prepared.account) {
    if (setgroups(prepared.groups.size(), prepared.groups.data()) != 0) report_and_exit(prepared.failure);
    if (setgid(prepared.account->gid) != 0 || setuid(prepared.account->uid) != 0)
      report_and_exit(prepared.failure);
  }
  if (options.dies_with_us) {  // after setuid, which would take the wish back (prctl(2))
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
  }
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) report_and_exit(prepared.failure);
  // Asio does not mark its sockets close-on-exec: a postmaster that kept our listening socket would keep the
  // next agent from its port. Only the marks are set, so that `failure` can still be written to.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  dup2(prepared.input, STDIN_FILENO);
  dup2(prepared.output, STDOUT_FILENO);
  dup2(prepared.output, STDERR_FILENO);
  environ = prepared.env_pointers.data();
  if (options.runs_itself) execv("/proc/self/exe", prepared.argv_pointers.data());
  if (!options.runs_itself) execvp(prepared.argv_pointers[0], prepared.argv_pointers.data());
  report_and_exit(prepared.failure);
}

Result<std::optional<Account>> find_account(const std::optional<uid_t>& user) {
  if (!user) return std::optional<Account>{};
  const passwd* entry = getpwuid(*user);
  if (entry == nullptr) return fail(Errc::not_found, fmt::format("no account has user id {}", *user));
  return std::optional<Account>{Account{entry->pw_uid, entry->pw_gid, entry->pw_name}};
}

std::vector<gid_t> groups_of(const Account& account) {
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  if (getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) < 0) return {account.gid};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

int pidfd_open_of(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

Result<Fd> open_output(const ChildOptions& options) {
  Fd file{open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  if (file.get() < 0) return fail_with_errno("opening " + options.output_file, errno);
  return file;
}

}  // namespace

std::string to_string(ExitStatus status) {
  return status.signal != 0 ? fmt::format("killed by signal {}", status.signal)
                            : fmt::format("exit code {}", status.code);
}

struct ChildProcess::State {
  explicit State(const asio::any_io_executor& executor)
      : pidfd{executor}, output{executor}, input{executor} {}
  pid_t pid = -1;
  bool ended = false;
  asio::posix::stream_descriptor pidfd, output, input;
  std::string input_text;
  std::function<void(std::string_view)> on_line;
};

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_{std::move(state)} {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&&) noexcept = default;
ChildProcess::~ChildProcess() = default;

Result<ChildProcess> ChildProcess::start(const asio::any_io_executor& executor, ChildOptions options) {
  auto account = find_account(options.user);
  auto input = make_pipe();
  auto output = make_pipe();
  auto failure = make_pipe();
  if (!account) return tl::unexpected(account.error());
  if (!input || !output || !failure)
    return fail(Errc::io_error, "starting " + options.argv.at(0) + ": no pipe");
  if (!options.output_file.empty()) {
    auto file = open_output(options);
    if (!file) return tl::unexpected(file.error());
    output->write_end = std::move(*file);
    output->read_end.reset();
  }
  Prepared prepared{.argv = options.argv, .env = environment(options.env), .account = *account};
  prepared.argv_pointers = pointers(prepared.argv);
  prepared.env_pointers = pointers(prepared.env);
  if (prepared.account) prepared.groups = groups_of(*prepared.account);
  prepared.input = input->read_end.get();
  prepared.output = output->write_end.get();
  prepared.failure = failure->write_end.get();

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail_with_errno("starting " + options.argv[0], errno);
  if (pid == 0) become_child(options, prepared, parent);
  failure->write_end.reset();
  int number = 0;
  if (read(failure->read_end.get(), &number, sizeof number) == sizeof number) {
    waitpid(pid, nullptr, 0);
    return fail_with_errno("starting " + options.argv[0], number);
  }

  auto state = std::make_shared<State>(executor);
  state->pid = pid;
  state->pidfd.assign(pidfd_open_of(pid));
  if (output->read_end.get() >= 0) state->output.assign(output->read_end.release());
  if (!options.input.empty()) state->input.assign(input->write_end.release());
  state->input_text = std::move(options.input);
  state->on_line = std::move(options.on_line);
  return ChildProcess{std::move(state)};
}

pid_t ChildProcess::pid() const {
  return state_->pid;
}

void ChildProcess::kill(int signal) {
  // Through the pidfd: the pid may have been reused once the child was reaped.
  if (!state_->ended) syscall(SYS_pidfd_send_signal, state_->pidfd.native_handle(), signal, nullptr, 0);
}

namespace {

constexpr std::size_t line_bytes_max = 64 * 1024;

void emit_lines(std::string& text, const std::function<void(std::string_view)>& on_line, bool ended) {
  std::size_t start = 0;
  for (;;) {
    const auto end = text.find_first_of("\n\r", start);
    if (end == std::string::npos) break;
    if (on_line && end > start) on_line(std::string_view{text}.substr(start, end - start));
    start = end + 1;
  }
  text.erase(0, start);
  if (!text.empty() && (ended || text.size() >= line_bytes_max)) {
    if (on_line) on_line(text);
    text.clear();
  }
}

awaitable<void> read_lines(asio::posix::stream_descriptor* output,
                           std::function<void(std::string_view)> on_line) {
  std::string text;
  std::vector<char> chunk(16 * 1024);
  for (;;) {
    auto [ec, size] = co_await output->async_read_some(asio::buffer(chunk), as_result);
    text.append(chunk.data(), size);
    emit_lines(text, on_line, bool{ec});
    if (ec) co_return;
  }
}

// What the child wrote is in the pipe when it ends, but a grandchild (a started server) can hold the pipe
// open.
awaitable<void> exit_and_grace(asio::posix::stream_descriptor* pidfd) {
  co_await pidfd->async_wait(asio::posix::descriptor_base::wait_read, as_result);
  co_await sleep_for(200ms);
}

void keep_tail(std::string& text, std::string_view line) {
  text.append(line).append("\n");
  if (text.size() > 2 * line_bytes_max) text.erase(0, text.size() - line_bytes_max);
}

struct KillOnExit {
  ChildProcess* child;
  ~KillOnExit() {
    if (child != nullptr) child->kill(SIGKILL);
  }
};

}  // namespace

awaitable<Result<ExitStatus>> ChildProcess::wait() {
  using namespace asio::experimental::awaitable_operators;
  const auto state = state_;
  if (state->input.is_open()) {
    co_await asio::async_write(state->input, asio::buffer(state->input_text), as_result);
    state->input.close();
  }
  if (state->output.is_open()) {
    auto reading = read_lines(&state->output, state->on_line);
    auto exiting = exit_and_grace(&state->pidfd);
    co_await (std::move(reading) || std::move(exiting));
  }
  co_await state->pidfd.async_wait(asio::posix::descriptor_base::wait_read, as_result);
  int status = 0;
  const pid_t reaped = waitpid(state->pid, &status, WNOHANG);
  state->ended = true;
  if (reaped != state->pid)
    co_return fail(Errc::io_error, fmt::format("process {} can't be reaped", state->pid));
  if (WIFSIGNALED(status)) co_return ExitStatus{.code = 0, .signal = WTERMSIG(status)};
  co_return ExitStatus{.code = WEXITSTATUS(status), .signal = 0};
}

awaitable<Result<ChildOutput>> run_child(ChildOptions options, nanoseconds limit) {
  auto tail = std::make_shared<std::string>();
  options.on_line = [tail, tell = std::move(options.on_line)](std::string_view line) {
    keep_tail(*tail, line);
    if (tell) tell(line);
  };
  const std::string program = options.argv.at(0);
  auto child = ChildProcess::start(co_await asio::this_coro::executor, std::move(options));
  if (!child) co_return tl::unexpected(child.error());
  KillOnExit guard{&*child};
  auto waiting = child->wait();
  auto status = co_await with_timeout(limit, std::move(waiting));
  if (!status) {
    child->kill(SIGKILL);
    waitpid(child->pid(), nullptr, 0);
    co_return fail("running " + program, status.error());
  }
  guard.child = nullptr;
  co_return ChildOutput{*status, std::move(*tail)};
}

awaitable<Result<void>> wait_for_exit(pid_t pid) {
  asio::posix::stream_descriptor pidfd{co_await asio::this_coro::executor};
  const int fd = pidfd_open_of(pid);
  if (fd < 0) {
    if (errno == ESRCH) co_return Result<void>{};
    co_return fail_with_errno(fmt::format("watching process {}", pid), errno);
  }
  pidfd.assign(fd);
  co_await pidfd.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
  co_return Result<void>{};
}

}  // namespace holdfast::async
