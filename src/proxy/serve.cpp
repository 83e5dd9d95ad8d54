#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>

#include "async/with_timeout.hpp"
#include "base/duration.hpp"
#include "base/log.hpp"
#include "proxy/worker.hpp"
#include "route/refusal.hpp"

// One client's way through a worker: accept, wait for a server, connect, relay, end.
namespace holdfast::proxy {
namespace {

constexpr milliseconds accept_pause = 100ms;     // when no descriptor is left
constexpr milliseconds reconnect_pause = 100ms;  // after every server refused
constexpr milliseconds refusal_timeout = 5s;
constexpr milliseconds linger_timeout = 1s;

bool is_out_of_descriptors(const boost::system::error_code& failure) {
  return failure == boost::system::errc::too_many_files_open || failure == asio::error::no_descriptors ||
         failure == boost::system::errc::too_many_files_open_in_system ||
         failure == asio::error::no_buffer_space || failure == asio::error::no_memory;
}

// Reads what the client says while it waits, which notices when it hangs up. Errc::unavailable: it has gone.
awaitable<Result<void>> listen_to(std::shared_ptr<Session> session) {
  while (session->early.size() < early_bytes_max) {
    std::array<char, 1024> bytes;
    const auto room = std::min(bytes.size(), early_bytes_max - session->early.size());
    const auto into = asio::buffer(bytes.data(), room);
    const auto [failed, received] = co_await session->client.async_read_some(into, as_result);
    if (failed) co_return fail(Errc::unavailable, "the client has gone");
    session->early.append(bytes.data(), received);
  }
  co_await async::sleep_until(BootInstant::max());
  co_return Result<void>{};
}

// nullopt: it was too late. The client's bytes are read as they come.
awaitable<Result<std::string>> next_bytes(std::shared_ptr<Session> session) {
  if (!session->early.empty()) co_return std::exchange(session->early, {});
  std::string bytes(1024, '\0');
  const auto [failed, received] = co_await session->client.async_read_some(asio::buffer(bytes), as_result);
  if (failed) co_return async::fail_with("reading from a client", failed);
  bytes.resize(received);
  co_return bytes;
}

awaitable<Result<void>> read_to_end(std::shared_ptr<Session> session) {
  for (std::array<char, 1024> bytes;;) {
    const auto [failed, received] = co_await session->client.async_read_some(asio::buffer(bytes), as_result);
    if (failed) co_return Result<void>{};
  }
}

}  // namespace

awaitable<void> Worker::accept_clients(std::shared_ptr<Door> door) {
  bool is_paused = false;
  while (door->acceptor.is_open()) {
    auto [failed, socket] = co_await door->acceptor.async_accept(as_result);
    if (failed && is_out_of_descriptors(failed)) {
      ledger_->accept_pauses.add();
      if (!std::exchange(is_paused, true)) {
        log::error("no file descriptors left, new clients wait; raise LimitNOFILE or lower proxy.maxconn",
                   {{"listener", snapshot_->settings->listeners[door->listener].name}});
      }
      co_await async::sleep_for(accept_pause);
      continue;
    }
    if (failed) {
      if (door->acceptor.is_open()) co_await async::sleep_for(accept_pause);
      continue;
    }
    is_paused = false;
    admit(std::move(socket), door->listener);
  }
}

void Worker::admit(Tcp::socket socket, std::size_t listener) {
  auto session = std::make_shared<Session>(std::move(socket), listener, ++last_id_);
  tasks_.spawn("client", serve(std::move(session)));
}

awaitable<void> Worker::serve(SessionPtr session) {
  struct Presence {
    Worker* worker;
    Session* session;
    ~Presence() { worker->leave(*session); }
  };
  join(*session);
  const Presence presence{this, session.get()};
  const bool is_found = co_await find_server(session);
  if (!is_found) co_return;
  session->is_relaying = true;
  session->connected_at = BootClock::now();
  session->seat->traffic().total.add();
  co_await relay(&session->client, &session->server, &session->relayed);
  note_end(*session);
}

// true: session->server is connected and has what the client said so far. Otherwise the client has been told.
awaitable<bool> Worker::find_server(SessionPtr session) {
  for (;;) {
    const auto waited = co_await wait_turn(session);
    if (waited == Waited::gone) {
      ledger_->listener(session->listener).gone.add();
      co_return false;
    }
    if (waited == Waited::expired) {
      co_await refuse(session);
      co_return false;
    }
    if (session->seated_at == BootInstant{}) session->seated_at = BootClock::now();
    const auto connected = co_await connect_server(session);
    if (connected) co_return true;
    const auto server = session->seat->grant().server;
    log::debug("connection to a server failed", {{"server", server}, {"error", connected.error()}});
    session->seat->traffic().connect_errors.add();
    session->seat->traffic().retries.add();
    give_back_seat(*session);
    session->refused.push_back(server);
    // Another server at once; when there is none, all of them again a little later.
    if (try_seat(*session, BootClock::now())) continue;
    const auto paused = co_await pause_or_gone(session, reconnect_pause);
    session->refused.clear();
    if (!paused) co_return false;
  }
}

awaitable<Worker::Waited> Worker::wait_turn(SessionPtr session) {
  using namespace asio::experimental::awaitable_operators;
  auto& room = rooms_[session->listener].waiting;
  if (session->seat) co_return Waited::seated;
  const auto now = BootClock::now();
  if (room.empty() && try_seat(*session, now)) co_return Waited::seated;
  auto& account = ledger_->listener(session->listener);
  const bool is_crowded = !ledger_->waiting.try_add(snapshot_->settings->maxconn);
  if (is_crowded || now >= session->deadline) {
    if (!is_crowded) ledger_->waiting.remove();
    session->waits_for_place |= is_crowded;
    co_return Waited::expired;
  }
  struct Place {
    Worker* worker;
    Session* session;
    ~Place() {
      worker->rooms_[session->listener].waiting.remove(session->id);
      worker->ledger_->listener(session->listener).waiting.remove();
      worker->ledger_->waiting.remove();
    }
  };
  account.waiting.add();
  if (!session->waits_for_place) account.held.add();
  room.add(session->id, session->deadline);
  const Place place{this, session.get()};
  wake_.notify();  // there is a deadline more
  auto hung_up = listen_to(session);
  auto called = session->turn.wait();
  co_await (std::move(hung_up) || std::move(called));
  if (session->seat) co_return Waited::seated;
  co_return session->is_expired ? Waited::expired : Waited::gone;
}

awaitable<Result<void>> Worker::pause_or_gone(SessionPtr session, milliseconds span) {
  auto listening = listen_to(session);
  auto heard = co_await async::with_timeout(span, std::move(listening));
  if (!heard && heard.error().code == Errc::timed_out) co_return Result<void>{};
  co_return heard;
}

awaitable<Result<void>> Worker::connect_server(SessionPtr session) {
  const auto limit = snapshot_->settings->connect_timeout;
  auto opening = open_server(session);
  auto opened = co_await async::with_timeout(limit, std::move(opening));
  // The world may have changed: no byte goes to a server that must not have this client any more.
  const auto cause = must_cut(snapshot_->table, session->seat->grant(), BootClock::now());
  if (opened && cause) opened = fail(Errc::stale, "the server lost its role meanwhile");
  if (!opened) {
    boost::system::error_code ignored;
    session->server.close(ignored);
  }
  co_return opened;
}

awaitable<Result<void>> Worker::open_server(SessionPtr session) {
  const auto snapshot = snapshot_;
  const auto* server = snapshot->table.find(session->seat->grant().server);
  if (!server) co_return fail(Errc::not_found, "the server has left the cluster");
  boost::system::error_code failure;
  const auto address = asio::ip::make_address(server->host, failure);
  Tcp::endpoint endpoint{address, server->port};
  if (failure) {
    Tcp::resolver resolver{loop_};
    const auto [unresolved, found] =
        co_await resolver.async_resolve(server->host, std::to_string(server->port), as_result);
    if (unresolved) co_return async::fail_with("resolving " + server->host, unresolved);
    endpoint = found.begin()->endpoint();
  }
  session->server = Tcp::socket{loop_};
  const auto [failed] = co_await session->server.async_connect(endpoint, as_result);
  if (failed) co_return async::fail_with("connecting to " + server->name, failed);
  configure(session->server, *snapshot->settings);
  if (session->early.empty()) co_return Result<void>{};
  const auto [unsent, count] =
      co_await asio::async_write(session->server, asio::buffer(session->early), as_result);
  if (unsent) co_return async::fail_with("writing to " + server->name, unsent);
  session->relayed.bytes_in += static_cast<std::int64_t>(count);
  session->early = {};
  co_return Result<void>{};
}

awaitable<void> Worker::refuse(SessionPtr session) {
  const auto& listener = settings_of(*session);
  auto& account = ledger_->listener(session->listener);
  std::string error;
  if (session->waits_for_place) {
    account.rejected.add();
    error = route::print_fatal(route::too_many_connections, "too many connections: " + session->why_waiting);
  } else {
    account.hold_timeouts.add();
    error = route::print_fatal(route::cannot_connect_now,
                               fmt::format("no {} is available (waited {}): {}", listener.target(),
                                           print_duration(listener.hold_timeout), session->why_waiting));
  }
  auto sending = send_refusal(session, std::move(error));
  const auto sent = co_await async::with_timeout(refusal_timeout, std::move(sending));
  if (!sent) co_return;
  // A close with unread bytes would reset the connection before the client has read the answer.
  boost::system::error_code ignored;
  session->client.shutdown(Tcp::socket::shutdown_send, ignored);
  auto reading = read_to_end(session);
  auto ended = co_await async::with_timeout(linger_timeout, std::move(reading));
  static_cast<void>(ended);
}

awaitable<Result<void>> Worker::send_refusal(SessionPtr session, std::string error) {
  route::Refusal refusal{std::move(error)};
  for (bool is_silent = session->early.empty();; is_silent = false) {
    // It has said nothing for as long as it waited: it is told without being asked.
    route::Refusal::Step step = refusal.on_silence();
    if (!is_silent) {
      auto bytes = co_await next_bytes(session);
      if (!bytes) co_return fail("refusing a client", bytes.error());
      step = refusal.on_bytes(*bytes);
    }
    const auto [failed, count] =
        co_await asio::async_write(session->client, asio::buffer(step.write), as_result);
    if (failed) co_return async::fail_with("refusing a client", failed);
    if (step.done) co_return Result<void>{};
  }
}

void Worker::join(Session& session) {
  const auto& listener = settings_of(session);
  auto& account = ledger_->listener(session.listener);
  account.clients.add();
  account.accepted.add();
  session.deadline = BootClock::now() + listener.hold_timeout;
  configure(session.client, *snapshot_->settings);
  if (sessions_.empty()) report_at_ = BootClock::now() + 1s;
  sessions_.emplace(session.id, &session);
  wake_.notify();
}

void Worker::leave(Session& session) {
  sessions_.erase(session.id);
  session.report_traffic();
  ledger_->listener(session.listener).clients.remove();
  if (session.seat && session.cut) session.seat->traffic().cuts[static_cast<std::size_t>(*session.cut)].add();
  boost::system::error_code ignored;
  session.client.close(ignored);
  session.server.close(ignored);
  give_back_seat(session);
}

// Whoever waits for a place, here or in another worker, may have it.
void Worker::give_back_seat(Session& session) {
  if (!session.seat) return;
  session.seat.reset();
  if (ledger_->waiting.now() == 0) return;
  wake_.notify();
  nudge_others_();
}

void Worker::note_end(Session& session) {
  auto& traffic = session.seat->traffic();
  const auto now = BootClock::now();
  traffic.last_session_ns.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  for (auto* times : {&traffic.times, &ledger_->listener(session.listener).times}) {
    times->queue.add(session.seated_at - session.accepted_at);
    times->connect.add(session.connected_at - session.seated_at);
    times->total.add(now - session.accepted_at);
  }
  if (session.cut) return;
  const bool has_client_failed =
      session.relayed.in == FlowEnd::read_failed || session.relayed.out == FlowEnd::write_failed;
  const bool has_server_failed =
      session.relayed.out == FlowEnd::read_failed || session.relayed.in == FlowEnd::write_failed;
  if (has_client_failed) {
    traffic.client_aborts.add();
  } else if (has_server_failed) {
    traffic.server_aborts.add();
  }
}

const ListenerSettings& Worker::settings_of(const Session& session) const {
  return snapshot_->settings->listeners[session.listener];
}

}  // namespace holdfast::proxy
