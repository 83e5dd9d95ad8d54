#include "vip/trackers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "async/child_process.hpp"
#include "async/fd.hpp"
#include "base/log.hpp"

namespace holdfast::vip {
namespace {

constexpr milliseconds file_interval = 100ms;
constexpr milliseconds process_interval = 500ms;

constexpr std::size_t file_bytes_max = 64 * 1024;

// Its beginning. Never waits: what is no regular file (a FIFO) is as good as absent.
std::string read_start(const std::string& path) {
  const async::Fd file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  struct stat what{};
  if (!file.is_open() || ::fstat(file.get(), &what) != 0 || !S_ISREG(what.st_mode)) return {};
  std::string text(file_bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto more = ::read(file.get(), text.data() + size, text.size() - size);
    if (more <= 0) break;
    size += static_cast<std::size_t>(more);
  }
  text.resize(size);
  return text;
}

class ScriptTracker : public Tracker {
 public:
  ScriptTracker(config::VrrpScript script, std::optional<uid_t> user, std::function<void()> on_change)
      : Tracker{std::move(on_change)},
        script_{std::move(script)},
        user_{user},
        verdict_{script_.rise, script_.fall, script_.init_fail} {}

  awaitable<void> run() override {
    if (script_.init_fail) become({.is_up = false, .why = "no result yet (init_fail)"});
    for (;;) {
      const auto began = BootClock::now();
      const auto why = co_await failure_of_one_run();
      verdict_.on_result(!why);
      if (verdict_.is_up())
        become({.is_up = verdict_.is_up(), .why = *verdict_.is_up() ? "" : why.value_or(last_why_)});
      if (why) last_why_ = *why;
      co_await async::sleep_until(began + script_.interval);
    }
  }

 private:
  // nullopt: it succeeded.
  awaitable<std::optional<std::string>> failure_of_one_run() {
    async::ChildOptions child{.argv = {"/bin/sh", "-c", script_.script}, .user = user_, .dies_with_us = true};
    const auto limit = script_.timeout.value_or(script_.interval);
    auto ended = co_await async::run_child(std::move(child), limit);
    std::optional<std::string> why;
    if (!ended && ended.error().code == Errc::timed_out) {
      why = fmt::format("it took longer than {} ms", limit.count());
    } else if (!ended) {
      why = ended.error().context;
    } else if (!ended->status.ok()) {
      why = to_string(ended->status);
    }
    co_return why;
  }

  config::VrrpScript script_;
  std::optional<uid_t> user_;
  vrrp::ScriptVerdict verdict_;
  std::string last_why_;
};

class FileTracker : public Tracker {
 public:
  FileTracker(config::TrackFile file, std::function<void()> on_change)
      : Tracker{std::move(on_change)}, file_{std::move(file)} {}

  awaitable<void> run() override {
    for (;;) {
      look();
      co_await async::sleep_for(file_interval);
    }
  }

 private:
  void look() {
    const auto text = read_start(file_.file);
    const auto value = parse_track_file(text);
    const bool is_bad = !value && !text.empty();
    if (is_bad && !was_bad_)
      log::warn("a track_file holds no number, it counts as 0", {{"file", file_.file}, {"name", file_.name}});
    was_bad_ = is_bad;
    const int number = value.value_or(0);
    become({.is_up = number == 0,
            .why = number == 0 ? "" : fmt::format("it says {}", number),
            .file_value = number});
  }

  config::TrackFile file_;
  bool was_bad_ = false;
};

// The command line lies in the memory of the process, and to read it can mean to wait for one that hangs:
// it is asked for only where it counts.
bool is_wanted(const config::TrackProcess& wanted, pid_t pid) {
  const auto folder = fmt::format("/proc/{}/", pid);
  const auto stat = read_start(folder + "stat");
  const auto comm = comm_in(stat);
  if (!comm) return false;
  return matches(wanted, *comm, wanted.full_command ? read_start(folder + "cmdline") : std::string{});
}

std::set<pid_t> find_processes(const config::TrackProcess& wanted) {
  std::set<pid_t> found;
  std::error_code failure;
  std::filesystem::directory_iterator entry{"/proc", failure};
  for (; !failure && entry != std::filesystem::directory_iterator{}; entry.increment(failure)) {
    const auto name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (ec != std::errc{} || end != name.data() + name.size() || pid == ::getpid()) continue;
    if (is_wanted(wanted, pid)) found.insert(pid);
  }
  return found;
}

class ProcessTracker : public Tracker {
 public:
  ProcessTracker(const asio::any_io_executor& executor, config::TrackProcess process,
                 std::function<void()> on_change)
      : Tracker{std::move(on_change)}, process_{std::move(process)}, changed_{executor}, watches_{executor} {}

  awaitable<void> run() override {
    for (;;) {
      look();
      co_await changed_.wait_until(BootClock::now() + process_interval);
    }
  }
  awaitable<void> stop() override { return watches_.stop(); }

 private:
  void look() {
    // All processes of the host are looked through only while too few are known.
    auto found = watched_;
    std::erase_if(found, [&](pid_t pid) { return !is_wanted(process_, pid); });
    if (static_cast<int>(found.size()) < process_.quorum) found = find_processes(process_);
    for (const pid_t pid : found) {
      if (watched_.insert(pid).second) watches_.spawn("end of " + process_.name, watch(pid));
    }
    const auto count = static_cast<int>(found.size());
    const bool is_up = count >= process_.quorum;
    const auto now = BootClock::now();
    if (is_up || !down_since_) down_since_ = is_up ? std::optional<BootInstant>{} : now;
    if (!is_up && now - *down_since_ < process_.delay) return;
    const auto why = fmt::format("{} of {} processes run", count, process_.quorum);
    become({.is_up = is_up, .why = is_up ? "" : why});
  }

  awaitable<void> watch(pid_t pid) {
    const auto ended = co_await async::wait_for_exit(pid);
    watched_.erase(pid);
    if (ended) changed_.notify();  // else the next look, in its time, tells
  }

  config::TrackProcess process_;
  std::set<pid_t> watched_;
  std::optional<BootInstant> down_since_;
  async::Event changed_;
  async::TaskGroup watches_;
};

}  // namespace

std::optional<int> parse_track_file(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  text.remove_prefix(first);
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<std::string_view> comm_in(std::string_view stat) {
  const auto begin = stat.find('(');
  const auto end = stat.rfind(") ");
  if (begin == stat.npos || end == stat.npos || end < begin || end + 2 >= stat.size()) return {};
  const char state = stat[end + 2];
  if (state == 'Z' || state == 'X') return {};
  return stat.substr(begin + 1, end - begin - 1);
}

bool matches(const config::TrackProcess& wanted, std::string_view comm, std::string_view command_line) {
  if (!wanted.full_command) {
    // A path's last part is what the kernel calls it, cut after 15 characters.
    const auto name = std::string_view{wanted.process}.substr(wanted.process.rfind('/') + 1);
    return !comm.empty() && comm == name.substr(0, 15);
  }
  std::string words{command_line};
  while (words.ends_with('\0')) words.pop_back();
  std::ranges::replace(words, '\0', ' ');
  return !words.empty() && words == wanted.process;
}

std::unique_ptr<Tracker> script_tracker(config::VrrpScript script, std::optional<uid_t> user,
                                        std::function<void()> on_change) {
  return std::make_unique<ScriptTracker>(std::move(script), user, std::move(on_change));
}

std::unique_ptr<Tracker> file_tracker(config::TrackFile file, std::function<void()> on_change) {
  return std::make_unique<FileTracker>(std::move(file), std::move(on_change));
}

std::unique_ptr<Tracker> process_tracker(const asio::any_io_executor& executor, config::TrackProcess process,
                                         std::function<void()> on_change) {
  return std::make_unique<ProcessTracker>(executor, std::move(process), std::move(on_change));
}

}  // namespace holdfast::vip
