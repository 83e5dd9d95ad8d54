#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "agent/sentinel.hpp"
#include "agent/sentinel_message.hpp"
#include "base/log.hpp"
#include "postgres/process.hpp"

// No event loop, no coroutines, no other thread: what must work when everything else hangs stays simple.
namespace holdfast::agent {
namespace {

constexpr milliseconds lonely_limit = 10s;

struct Sentinel {
  SentinelOptions options;
  int listener = -1;
  int agent = -1;  // the newest connection; an older one is closed
  BootInstant deadline{};
  BootInstant alone_since{};
  bool is_dismissed = false;
};

// Neither is fatal: without them the sentinel is merely slower under memory pressure or load.
void take_priority() {
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    log::info("sentinel's memory is not locked", {{"error", std::string{std::strerror(errno)}}});
  }
  sched_param priority{};
  priority.sched_priority = 50;
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) != 0) {
    log::info("sentinel runs without real-time priority", {{"error", std::string{std::strerror(errno)}}});
  }
}

Result<int> listen_at(const std::string& path) {
  const auto address = sentinel_address(path);
  if (!address) return tl::unexpected(address.error());
  // One sentinel a data directory: the lock, not the socket file, decides, since a killed one leaves its
  // file.
  const int lock = open((path + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::conflict, "another sentinel runs at " + path);
  unlink(path.c_str());
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto old_mask = umask(0077);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  umask(old_mask);
  if (!bound || listen(fd, 4) != 0)
    return fail(Errc::io_error, fmt::format("{}: {}", path, std::strerror(errno)));
  return fd;
}

void accept_agent(Sentinel& sentinel) {
  const int fd = accept4(sentinel.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (sentinel.agent >= 0) close(sentinel.agent);
  sentinel.agent = fd;
  const SentinelMessage greeting{.deadline_ns = sentinel.deadline.time_since_epoch().count()};
  send(fd, &greeting, sizeof greeting, MSG_NOSIGNAL);
}

void read_agent(Sentinel& sentinel) {
  SentinelMessage message;
  const auto size = recv(sentinel.agent, &message, sizeof message, 0);
  if (size == sizeof message && message.magic == sentinel_magic &&
      message.deadline_ns == sentinel_dismissal) {
    sentinel.deadline = {};
    sentinel.is_dismissed = true;
  } else if (size == sizeof message && message.magic == sentinel_magic) {
    sentinel.deadline = BootInstant{nanoseconds{message.deadline_ns}};
  } else if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
    close(sentinel.agent);  // the deadline stands: an agent that is gone is what we are for
    sentinel.agent = -1;
    sentinel.alone_since = BootClock::now();
  }
}

void kill_postgres(Sentinel& sentinel) {
  const postgres::Options server{.data_dir = sentinel.options.data_dir, .bin_dir = sentinel.options.bin_dir};
  auto processes = postgres::processes_of(server);
  if (!processes.empty()) {
    log::error("the lease deadline passed and the agent did not act: killing PostgreSQL",
               {{"member", sentinel.options.member}, {"processes", processes.size()}});
  }
  // A backend can be forked between the look and the kill: until none is left.
  while (!processes.empty()) {
    for (const pid_t pid : processes) kill(pid, SIGKILL);
    usleep(1000);
    processes = postgres::processes_of(server);
  }
  sentinel.deadline = {};
}

int wait_limit_ms(const Sentinel& sentinel) {
  if (sentinel.deadline == BootInstant{}) return 1000;
  const auto left = std::chrono::ceil<milliseconds>(sentinel.deadline - BootClock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000));
}

bool is_done(const Sentinel& sentinel) {
  if (sentinel.is_dismissed) return true;
  return sentinel.agent < 0 && sentinel.deadline == BootInstant{} &&
         BootClock::now() > sentinel.alone_since + lonely_limit;
}

}  // namespace

int run_sentinel(const SentinelOptions& options) {
  signal(SIGTERM, SIG_IGN);  // a stopping service group must not take the fence down before PostgreSQL
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  auto listener = listen_at(options.socket);
  if (!listener) {
    log::error("sentinel can't start", {{"error", listener.error()}});
    return 1;
  }
  take_priority();
  Sentinel sentinel{.options = options, .listener = *listener, .alone_since = BootClock::now()};
  while (!is_done(sentinel)) {
    pollfd waits[2] = {{sentinel.listener, POLLIN, 0}, {sentinel.agent, POLLIN, 0}};
    poll(waits, 2, wait_limit_ms(sentinel));
    if (waits[1].revents != 0) read_agent(sentinel);
    if (waits[0].revents != 0) accept_agent(sentinel);
    if (sentinel.deadline != BootInstant{} && BootClock::now() >= sentinel.deadline) kill_postgres(sentinel);
  }
  unlink(options.socket.c_str());
  return 0;
}

}  // namespace holdfast::agent
