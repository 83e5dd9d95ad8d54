#include "demo/stage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "http/port_owner.hpp"

namespace holdfast::demo {
namespace {

namespace fs = std::filesystem;

Secret random_password() {
  constexpr std::string_view letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
  std::random_device source;  // getrandom(2)
  std::uniform_int_distribution<std::size_t> pick{0, letters.size() - 1};
  std::string text;
  for (int i = 0; i < 24; ++i) text += letters[pick(source)];
  return Secret{text};
}

Result<void> write_private(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return async::fail_with_errno("writing " + path, errno);
  const bool is_written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error_number = errno;
  close(file);
  if (!is_written) return async::fail_with_errno("writing " + path, error_number);
  return Result<void>{};
}

// As root, the roles run as this user (`os_user`): what they read and write must be theirs.
Result<void> give_to_postgres(const std::vector<std::string>& paths) {
  if (geteuid() != 0) return Result<void>{};
  const passwd* user = getpwnam("postgres");
  if (user == nullptr) {
    return fail(Errc::not_found,
                "there is no user postgres to run PostgreSQL as: install the package postgresql-15");
  }
  for (const auto& path : paths) {
    if (chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
      return async::fail_with_errno("giving away " + path, errno);
  }
  return Result<void>{};
}

// What must stay the same between two runs on the same data: one value a line.
bool read_state(const std::string& path, Layout& layout) {
  std::ifstream file{path};
  std::string network, superuser, replication;
  if (!(file >> network >> superuser >> replication)) return false;
  layout.network = network;
  layout.superuser_password = Secret{superuser};
  layout.replication_password = Secret{replication};
  return true;
}

// Nothing listens there, and it is an address of this machine.
Result<void> check_free(const drill::Address& address) {
  namespace ip = boost::asio::ip;
  boost::asio::io_context loop;
  ip::tcp::acceptor acceptor{loop};
  boost::system::error_code failed;
  const ip::tcp::endpoint endpoint{ip::make_address(address.host), static_cast<std::uint16_t>(address.port)};
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(ip::tcp::acceptor::reuse_address{true}, failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(1, failed);
  if (!failed) return Result<void>{};
  const auto owner = http::describe_port_owner({address.host, endpoint.port()});
  return fail(Errc::conflict, fmt::format("{} can't be listened on: {}: {}", drill::to_string(address),
                                          failed.message(), owner));
}

}  // namespace

Stage::Stage(const asio::any_io_executor& executor, Layout layout, std::string program)
    : tasks_{executor}, layout_{std::move(layout)}, program_{std::move(program)} {}

Result<void> Stage::prepare() {
  std::error_code failed;
  for (const char* folder : {"", "/log", "/nodes"}) fs::create_directories(layout_.data + folder, failed);
  if (failed) return fail(Errc::io_error, fmt::format("making {}: {}", layout_.data, failed.message()));
  // PostgreSQL's user must get through to its own directories; what is secret has a mode of its own.
  fs::permissions(layout_.data, fs::perms{0755}, failed);
  lock_ = open((layout_.data + "/demo.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return async::fail_with_errno("opening " + layout_.data + "/demo.lock", errno);
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::refused,
                "another demo is running on " + layout_.data + ": quit it first, or give --data DIR");
  }
  const std::string wanted = layout_.network;
  const std::string state = layout_.data + "/demo.state";
  if (!read_state(state, layout_)) {
    if (layout_.network.empty()) layout_.network = Wires::are_possible() ? own_network : loopback_network;
    layout_.superuser_password = random_password();
    layout_.replication_password = random_password();
    auto written =
        write_private(state, fmt::format("{}\n{}\n{}\n", layout_.network, layout_.superuser_password.reveal(),
                                         layout_.replication_password.reveal()));
    if (!written) return written;
  } else if (!wanted.empty() && wanted != layout_.network) {
    return fail(
        Errc::refused,
        fmt::format("the cluster in {} lives on {}.*: leave --network out, or start anew with --fresh",
                    layout_.data, layout_.network));
  }
  auto written = write_private(layout_.config_file(), print_config(layout_, false));
  if (!written) return written;
  return give_to_postgres({layout_.config_file(), layout_.data + "/nodes"});
}

std::vector<drill::NodeTraits> Stage::traits() const {
  std::vector<drill::NodeTraits> traits;
  for (const auto& node : all_nodes()) traits.push_back(traits_of(layout_, node));
  return traits;
}

std::vector<drill::NodeProcess> Stage::processes(const std::string& node) const {
  return drill::processes_of(traits_of(layout_, node), drill::list_processes());
}

awaitable<std::size_t> Stage::sweep() {
  std::size_t count = 0;
  const auto all = drill::list_processes();
  for (const auto& node : traits()) count += drill::processes_of(node, all).size();
  if (count > 0) co_await stop_all(15s);
  co_return count;
}

Result<void> Stage::check_ports() const {
  for (const auto& address : ports_of(layout_)) {
    auto is_free = check_free(address);
    if (!is_free) return is_free;
  }
  return Result<void>{};
}

Result<void> Stage::make_room() {
  if (!layout_.has_own_network()) return check_ports();
  auto made = Wires::make(layout_);
  if (!made) return tl::unexpected(made.error());
  wires_ = *std::move(made);
  return {};
}

Result<void> Stage::start(const std::string& node) {
  if (wires_) {
    if (auto plugged = wires_->plug_in(node); !plugged) return fail("connecting " + node, plugged.error());
  }
  async::ChildOptions child{.argv = {program_, "run", "-c", layout_.config_file(), "--node", node},
                            .runs_itself = true,
                            .directory = "/",
                            .output_file = layout_.log_file(node),
                            .network_namespace = wires_ ? wires_->namespace_of(node) : -1,
                            .own_session = true};
  auto started = async::ChildProcess::start(tasks_.executor(), std::move(child));
  if (!started) return fail("starting " + node, started.error());
  tasks_.spawn("waiting for " + node, reap(node, std::move(*started)));
  return Result<void>{};
}

awaitable<void> Stage::reap(std::string, async::ChildProcess child) {
  auto status = co_await child.wait();
  static_cast<void>(status);  // how it ended stands in its log; that it ended is seen in /proc
}

bool Stage::is_running(const std::string& node) const {
  const auto all = processes(node);
  return std::any_of(all.begin(), all.end(), [](const auto& p) { return p.part == drill::Part::supervisor; });
}

bool Stage::is_frozen(const std::string& node) const {
  const auto all = processes(node);
  return std::any_of(all.begin(), all.end(), [](const auto& p) { return p.process.state == 'T'; });
}

std::size_t Stage::left(bool guarded) const {
  const auto all = drill::list_processes();
  std::ptrdiff_t count = 0;
  for (const auto& node : traits()) {
    const auto found = drill::processes_of(node, all);
    count += std::count_if(found.begin(), found.end(),
                           [guarded](const auto& p) { return !guarded || p.part != drill::Part::sentinel; });
  }
  return static_cast<std::size_t>(count);
}

void Stage::signal_supervisors(int signal) {
  const auto all = drill::list_processes();
  for (const auto& node : traits()) {
    for (const auto& process : drill::processes_of(node, all)) {
      const bool is_meant = signal == SIGCONT || process.part == drill::Part::supervisor;
      if (!is_meant) continue;
      auto sent = drill::send_signal(process.process, signal);
      static_cast<void>(sent);  // gone, or killed below
    }
  }
}

void Stage::kill_all() {
  const auto all = drill::list_processes();
  for (const auto& node : traits()) {
    const drill::Blow blow{node.name, drill::Victim::node, drill::Deed::kill};
    for (const auto& process : drill::targets_of(blow, drill::processes_of(node, all))) {
      auto sent = drill::send_signal(process, SIGKILL);
      static_cast<void>(sent);
    }
  }
}

awaitable<void> Stage::stop_all(nanoseconds limit) {
  signal_supervisors(SIGCONT);
  signal_supervisors(SIGTERM);
  const auto deadline = BootClock::now() + limit;
  // A sentinel waits a while for its agent to come back; with nothing left to guard it may go.
  while (left(true) > 0 && BootClock::now() < deadline) co_await async::sleep_for(100ms);
  for (int pass = 0; pass < 20 && left(false) > 0; ++pass) {
    kill_all();
    co_await async::sleep_for(100ms);
  }
}

awaitable<void> Stage::close() {
  co_await tasks_.stop();
}

void Stage::remove_data() {
  std::error_code failed;
  // Only what we made: the directory may be one the user has other things in.
  for (const char* name : {"/nodes", "/log", "/holdfast.yaml", "/demo.state", "/demo.lock"}) {
    fs::remove_all(layout_.data + name, failed);
  }
  fs::remove(layout_.data, failed);
}

}  // namespace holdfast::demo
