#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/sentinel.hpp"
#include "agent/sentinel_message.hpp"
#include "async/with_timeout.hpp"
#include "base/log.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds start_limit = 5s;

Result<int> connect_to(const std::string& path) {
  const auto address = sentinel_address(path);
  if (!address) return tl::unexpected(address.error());
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return async::fail_with_errno("sentinel socket", errno);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return async::fail_with_errno("connecting to the sentinel at " + path, error);
}

async::ChildOptions sentinel_command(const std::string& socket, const postgres::Options& options) {
  return {.argv = {"holdfast", "sentinel", "--socket", socket, "--data-dir", options.data_dir, "--bin-dir",
                   options.bin_dir, "--member", options.member},
          .runs_itself = true,
          .output_file = options.data_dir + ".sentinel.log",
          .user = options.os_user,
          .own_session = true};
}

}  // namespace

std::string sentinel_socket(const postgres::Options& options) {
  return options.data_dir + ".sentinel";
}

SentinelClient::SentinelClient(asio::any_io_executor executor, std::string socket, postgres::Options options)
    : executor_{std::move(executor)}, socket_{std::move(socket)}, options_{std::move(options)} {}

SentinelClient::~SentinelClient() {
  if (fd_ >= 0) ::close(fd_);
}

awaitable<Result<BootInstant>> SentinelClient::connect() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  auto connected = connect_to(socket_);
  if (!connected) {
    auto command = sentinel_command(socket_, options_);
    auto child = async::ChildProcess::start(executor_, std::move(command));
    if (!child) co_return fail("starting the sentinel", child.error());
    const auto limit = BootClock::now() + start_limit;
    while (!connected && BootClock::now() < limit) {
      co_await async::sleep_for(5ms);
      connected = connect_to(socket_);
    }
    if (!connected) co_return fail("the sentinel does not come up", connected.error());
  }
  fd_ = *connected;
  auto greeting = hello();
  co_return co_await async::with_timeout(start_limit, std::move(greeting));
}

awaitable<Result<BootInstant>> SentinelClient::hello() {
  SentinelMessage message;
  for (;;) {
    const auto size = recv(fd_, &message, sizeof message, 0);
    if (size == sizeof message && message.magic == sentinel_magic) break;
    if (size >= 0 || (errno != EAGAIN && errno != EINTR))
      co_return fail(Errc::unavailable, "the sentinel hung up");
    co_await async::sleep_for(2ms);
  }
  co_return BootInstant{nanoseconds{message.deadline_ns}};
}

Result<void> SentinelClient::send(std::int64_t deadline) {
  const SentinelMessage message{.deadline_ns = deadline};
  if (fd_ >= 0 && ::send(fd_, &message, sizeof message, MSG_NOSIGNAL) == sizeof message) return {};
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  return fail(Errc::unavailable, "the sentinel is gone");
}

Result<void> SentinelClient::arm(BootInstant deadline) {
  return send(deadline.time_since_epoch().count());
}
Result<void> SentinelClient::dismiss() {
  return send(sentinel_dismissal);
}

Result<void> SentinelClient::disarm() {
  return send(0);
}

}  // namespace holdfast::agent
