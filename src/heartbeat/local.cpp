#include "heartbeat/local.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <list>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "async/with_timeout.hpp"
#include "base/log.hpp"

namespace holdfast::heartbeat {
namespace {

using Local = asio::local::stream_protocol;

constexpr std::size_t line_bytes_max = 4096;
constexpr std::size_t why_bytes_max = 1000;
constexpr milliseconds retry_interval = 20ms;
// Any user of this host may connect to an abstract address: that must not use up our descriptors.
constexpr std::size_t listeners_max_of_a_user = 8;

awaitable<Result<void>> write_line(Local::socket* socket, std::string line) {
  const auto [ec, size] = co_await asio::async_write(*socket, asio::buffer(line), as_result);
  if (ec) co_return async::fail_with("telling how we are", ec);
  co_return Result<void>{};
}

awaitable<Result<std::string>> read_line(Local::socket* socket, std::string* buffer) {
  auto into = asio::dynamic_buffer(*buffer, line_bytes_max);
  const auto [ec, size] = co_await asio::async_read_until(*socket, into, '\n', as_result);
  if (ec) co_return async::fail_with("it has ended", ec);
  std::string line = buffer->substr(0, size - 1);
  buffer->erase(0, size);
  co_return line;
}

uid_t owner_of(Local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return static_cast<uid_t>(-1);
  return peer.uid;
}

}  // namespace

std::string print_wellbeing(const Wellbeing& wellbeing) {
  if (wellbeing.is_well) return "well";
  std::string why = wellbeing.why.substr(0, why_bytes_max);
  std::ranges::replace(why, '\n', ' ');
  return "sick " + why;
}

std::optional<Wellbeing> parse_wellbeing(std::string_view line) {
  if (line == "well") return Wellbeing{.is_well = true, .why = {}};
  constexpr std::string_view sick = "sick ";
  if (!line.starts_with(sick)) return {};
  return Wellbeing{.is_well = false, .why = std::string{line.substr(sick.size())}};
}

std::string local_address(const std::string& scope, const std::string& member, const std::string& role) {
  return std::string(1, '\0') + fmt::format("holdfast/{}/{}/{}", scope, member, role);
}

struct LocalPublisher::State {
  State(const asio::any_io_executor& executor, Local::acceptor listening, Source how)
      : acceptor{std::move(listening)}, source{std::move(how)}, tasks{executor} {}

  struct Listener {
    Listener(const asio::any_io_executor& executor, Local::socket connected)
        : socket{std::move(connected)}, wake{executor} {}
    Local::socket socket;
    uid_t user = owner_of(socket);
    async::Event wake;
  };

  awaitable<void> accept();
  bool has_room_for(uid_t user) const;
  awaitable<void> speak_to(std::shared_ptr<Listener> listener);

  Local::acceptor acceptor;
  Source source;
  std::list<std::weak_ptr<Listener>> listeners;
  async::TaskGroup tasks;
};

awaitable<void> LocalPublisher::State::accept() {
  for (;;) {
    Local::socket socket{acceptor.get_executor()};
    const auto [ec] = co_await acceptor.async_accept(socket, as_result);
    if (ec) {
      co_await async::sleep_for(retry_interval);
      continue;
    }
    auto listener = std::make_shared<Listener>(acceptor.get_executor(), std::move(socket));
    listeners.remove_if([](const auto& each) { return each.expired(); });
    if (!has_room_for(listener->user)) continue;
    listeners.push_back(listener);
    tasks.spawn("wellbeing", speak_to(std::move(listener)));
  }
}

bool LocalPublisher::State::has_room_for(uid_t user) const {
  const auto count = std::ranges::count_if(listeners, [&](const auto& each) {
    const auto listener = each.lock();
    return listener && listener->user == user;
  });
  return static_cast<std::size_t>(count) < listeners_max_of_a_user;
}

awaitable<void> LocalPublisher::State::speak_to(std::shared_ptr<Listener> listener) {
  for (;;) {
    auto writing = write_line(&listener->socket, print_wellbeing(source()) + "\n");
    const auto written = co_await async::with_timeout(wellbeing_silence_max, std::move(writing));
    if (!written) co_return;
    co_await listener->wake.wait_until(BootClock::now() + wellbeing_interval);
  }
}

Result<std::unique_ptr<LocalPublisher>> LocalPublisher::open(const asio::any_io_executor& executor,
                                                             const std::string& address, Source source) {
  Local::acceptor acceptor{executor};
  boost::system::error_code failure;
  acceptor.open(Local{}, failure);
  if (!failure) acceptor.bind(Local::endpoint{address}, failure);
  if (!failure) acceptor.listen(asio::socket_base::max_listen_connections, failure);
  if (failure == asio::error::address_in_use)
    return fail(Errc::refused, "another process of this role and name runs on this host");
  if (failure) return async::fail_with("telling other roles how we are", failure);
  auto state = std::make_shared<State>(executor, std::move(acceptor), std::move(source));
  state->tasks.spawn("wellbeing", state->accept());
  return std::unique_ptr<LocalPublisher>{new LocalPublisher{std::move(state)}};
}

LocalPublisher::LocalPublisher(std::shared_ptr<State> state) : state_{std::move(state)} {}
LocalPublisher::~LocalPublisher() = default;

void LocalPublisher::push() {
  for (const auto& each : state_->listeners) {
    if (const auto listener = each.lock()) listener->wake.notify();
  }
}

awaitable<void> LocalPublisher::stop() {
  const auto state = state_;
  co_await state->tasks.stop();
  boost::system::error_code ignored;
  state->acceptor.close(ignored);  // the next process of this role may speak here
}

struct LocalSubscriber::State {
  State(const asio::any_io_executor& on, std::string where, std::string what, std::vector<uid_t> who,
        Sink how)
      : executor{on},
        address{std::move(where)},
        role{std::move(what)},
        users{std::move(who)},
        sink{std::move(how)},
        tasks{on} {}

  awaitable<void> listen();
  awaitable<Error> listen_once();
  void report(Wellbeing now);

  asio::any_io_executor executor;
  std::string address;
  std::string role;
  std::vector<uid_t> users;
  Sink sink;
  std::optional<Wellbeing> last;
  async::TaskGroup tasks;
};

awaitable<void> LocalSubscriber::State::listen() {
  for (;;) {
    const auto end = co_await listen_once();
    report({.is_well = false, .why = end.context});
    co_await async::sleep_for(retry_interval);
  }
}

// Returns why the stream is over.
awaitable<Error> LocalSubscriber::State::listen_once() {
  Local::socket socket{executor};
  const Local::endpoint where{address};
  const auto [ec] = co_await socket.async_connect(where, as_result);
  if (ec) co_return Error{Errc::unavailable, "no " + role + " runs on this host"};
  const uid_t owner = owner_of(socket);
  if (std::ranges::find(users, owner) == users.end())
    co_return Error{Errc::refused, fmt::format("what says to be the {} runs as user {}", role, owner)};
  std::string buffer;
  for (;;) {
    auto reading = read_line(&socket, &buffer);
    const auto line = co_await async::with_timeout(wellbeing_silence_max, std::move(reading));
    if (!line && line.error().code == Errc::timed_out)
      co_return Error{Errc::timed_out, fmt::format("the {} has said nothing for {} ms: it is frozen", role,
                                                   wellbeing_silence_max.count())};
    if (!line) co_return Error{Errc::unavailable, fmt::format("the {} has ended", role)};
    const auto said = parse_wellbeing(*line);
    if (!said) co_return Error{Errc::bad_message, fmt::format("the {} says what nobody understands", role)};
    report(*said);
  }
}

void LocalSubscriber::State::report(Wellbeing now) {
  // Between two tries to connect the first reason says most: it ended, it froze.
  if (last && !last->is_well && !now.is_well && now.why.starts_with("no ")) return;
  if (last == now) return;
  last = now;
  sink(now);
}

LocalSubscriber::LocalSubscriber(const asio::any_io_executor& executor, std::string address, std::string role,
                                 std::vector<uid_t> users, Sink sink)
    : state_{std::make_shared<State>(executor, std::move(address), std::move(role), std::move(users),
                                     std::move(sink))} {
  state_->tasks.spawn("wellbeing of the " + state_->role, state_->listen());
}
LocalSubscriber::~LocalSubscriber() = default;

awaitable<void> LocalSubscriber::stop() {
  const auto state = state_;
  co_await state->tasks.stop();
}

}  // namespace holdfast::heartbeat
