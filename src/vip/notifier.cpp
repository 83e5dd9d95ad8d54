#include "vip/notifier.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "async/child_process.hpp"
#include "base/log.hpp"

namespace holdfast::vip {
namespace {

constexpr milliseconds script_limit = 60s;
constexpr std::size_t queue_max = 256;

const std::string& script_for(const config::NotifyConfig& config, NotifyState state) {
  static const std::string none;
  switch (state) {
    case NotifyState::master:
      return config.notify_master;
    case NotifyState::backup:
      return config.notify_backup;
    case NotifyState::fault:
      return config.notify_fault;
    case NotifyState::stop:
      return config.notify_stop;
    case NotifyState::master_rx_lower_pri:
      return config.notify_master_rx_lower_pri;
    case NotifyState::deleted:
    case NotifyState::master_priority:
    case NotifyState::backup_priority:
      return none;
  }
  return none;
}

}  // namespace

std::string_view to_string(NotifyState state) noexcept {
  switch (state) {
    case NotifyState::master:
      return "MASTER";
    case NotifyState::backup:
      return "BACKUP";
    case NotifyState::fault:
      return "FAULT";
    case NotifyState::stop:
      return "STOP";
    case NotifyState::deleted:
      return "DELETED";
    case NotifyState::master_rx_lower_pri:
      return "MASTER_RX_LOWER_PRI";
    case NotifyState::master_priority:
      return "MASTER_PRIORITY";
    case NotifyState::backup_priority:
      return "BACKUP_PRIORITY";
  }
  return "";
}

std::string print_notice(const Notice& notice) {
  return fmt::format("{} \"{}\" {} {}", notice.is_group ? "GROUP" : "INSTANCE", notice.name,
                     to_string(notice.state), notice.priority);
}

std::vector<std::string> commands_for(const config::NotifyConfig& config, const Notice& notice) {
  std::vector<std::string> commands;
  if (const auto& script = script_for(config, notice.state); !script.empty()) commands.push_back(script);
  if (!config.notify.empty()) commands.push_back(config.notify + " " + print_notice(notice));
  return commands;
}

Notifier::Notifier(const asio::any_io_executor& executor, std::string fifo, std::optional<uid_t> user)
    : fifo_{std::move(fifo)}, user_{user}, idle_{executor}, tasks_{executor} {}

Notifier::~Notifier() {
  if (fifo_fd_ >= 0) ::close(fifo_fd_);
}

void Notifier::set(std::string fifo, std::optional<uid_t> user) {
  user_ = user;
  if (fifo == fifo_) return;
  if (fifo_fd_ >= 0) ::close(std::exchange(fifo_fd_, -1));
  fifo_ = std::move(fifo);
}

void Notifier::tell(const config::NotifyConfig& config, const Notice& notice) {
  for (auto& command : commands_for(config, notice)) enqueue(std::move(command));
  if (!fifo_.empty()) write_fifo(notice);
}

void Notifier::enqueue(std::string command) {
  if (queue_.size() >= queue_max) {
    if (!std::exchange(is_behind_, true))
      log::error("notify scripts are slower than what happens, some are not run", {{"waiting", queue_max}});
    return;
  }
  queue_.push_back(std::move(command));
  if (!std::exchange(is_running_, true)) tasks_.spawn("notify scripts", run());
}

// Whatever else has that name is not written to.
void Notifier::open_fifo() {
  if (::mkfifo(fifo_.c_str(), 0600) != 0 && errno != EEXIST) return;
  const int fd = ::open(fifo_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  struct stat what{};
  if (fd >= 0 && ::fstat(fd, &what) == 0 && S_ISFIFO(what.st_mode)) {
    fifo_fd_ = fd;
    return;
  }
  if (fd >= 0) ::close(fd);
  if (fd >= 0) errno = EEXIST;
}

// Nobody has to read: a full or absent FIFO costs a line, never a wait.
void Notifier::write_fifo(const Notice& notice) {
  if (fifo_fd_ < 0) open_fifo();
  const auto line = print_notice(notice) + "\n";
  if (fifo_fd_ >= 0 && ::write(fifo_fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()))
    return;
  log::warn("a line for notify_fifo is lost",
            {{"fifo", fifo_}, {"error", async::fail_with_errno("writing", errno).value()}});
}

awaitable<void> Notifier::run() {
  while (!queue_.empty()) {
    const auto command = std::move(queue_.front());
    queue_.pop_front();
    if (queue_.empty()) is_behind_ = false;
    async::ChildOptions child{.argv = {"/bin/sh", "-c", command}, .user = user_};
    const auto ended = co_await async::run_child(std::move(child), script_limit);
    if (!ended) {
      log::warn("notify script failed", {{"script", command}, {"error", ended.error()}});
    } else if (!ended->status.ok()) {
      log::warn("notify script failed", {{"script", command}, {"status", to_string(ended->status)}});
    }
  }
  is_running_ = false;
  idle_.notify();
}

awaitable<void> Notifier::finish(milliseconds limit) {
  const auto deadline = BootClock::now() + limit;
  while (is_running_ && BootClock::now() < deadline) co_await idle_.wait_until(deadline);
}

awaitable<void> Notifier::stop() {
  co_await tasks_.stop();
}

}  // namespace holdfast::vip
