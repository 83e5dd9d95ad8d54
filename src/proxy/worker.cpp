#include "proxy/worker.hpp"

#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/log.hpp"

namespace holdfast::proxy {
namespace {

constexpr milliseconds report_interval = 1s;  // how old byte counts of running sessions may be

}  // namespace

Worker::Worker(std::size_t index, Ledger* ledger, std::shared_ptr<const Snapshot> first,
               std::function<void()> nudge_others)
    : index_{index},
      ledger_{ledger},
      nudge_others_{std::move(nudge_others)},
      work_{loop_.get_executor()},
      tasks_{loop_.get_executor()},
      wake_{loop_.get_executor()},
      snapshot_{std::move(first)},
      random_{static_cast<unsigned>(index + 1)} {
  make_rooms();
}

Worker::~Worker() {
  stop();
}

void Worker::make_rooms() {
  while (rooms_.size() < snapshot_->settings->listeners.size()) {
    rooms_.emplace_back();
    rooms_.back().cursor.next = index_;
  }
}

void Worker::open_listener(std::size_t listener, Acceptor acceptor) {
  auto door = std::make_shared<Door>(Door{listener, std::move(acceptor)});
  asio::post(loop_, [this, door = std::move(door)] {
    close_door(door->listener);
    doors_[door->listener] = door;
    tasks_.spawn("accept", accept_clients(door));
  });
}

void Worker::close_listener(std::size_t listener) {
  asio::post(loop_, [this, listener] { close_door(listener); });
}

void Worker::close_door(std::size_t listener) {
  const auto door = doors_.extract(listener);
  if (door.empty()) return;
  // Who is connected already would be reset by the close.
  boost::system::error_code failure;
  auto& acceptor = door.mapped()->acceptor;
  acceptor.non_blocking(true, failure);
  while (!failure) {
    Tcp::socket socket{loop_};
    acceptor.accept(socket, failure);
    if (!failure) admit(std::move(socket), listener);
  }
  acceptor.close(failure);
}

void Worker::start() {
  tasks_.spawn("clock", keep_time());
  thread_ = std::thread{&Worker::run, this};
}

void Worker::run() {
  // splice(2) has no MSG_NOSIGNAL: a client that is gone must end its connection, not the process.
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  loop_.run();
}

void Worker::publish(std::shared_ptr<const Snapshot> snapshot) {
  asio::post(loop_, [this, next = std::move(snapshot)]() mutable { on_snapshot(std::move(next)); });
}

void Worker::nudge() {
  asio::post(loop_, [this] { wake_.notify(); });
}

void Worker::ask_for_life(BootInstant now) {
  std::int64_t nothing = 0;
  if (!asked_at_.compare_exchange_strong(nothing, now.time_since_epoch().count())) return;
  asio::post(loop_, [this] { asked_at_ = 0; });
}

nanoseconds Worker::silent_for(BootInstant now) const {
  const std::int64_t asked = asked_at_;
  return asked == 0 ? 0ns : now - BootInstant{nanoseconds{asked}};
}

void Worker::stop_accepting() {
  asio::post(loop_, [this] {
    while (!doors_.empty()) close_door(doors_.begin()->first);
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  asio::co_spawn(loop_, finish(), [](const std::exception_ptr& failure) {
    if (failure) log::error("a proxy worker did not stop cleanly");
  });
  work_.reset();
  thread_.join();
}

awaitable<void> Worker::finish() {
  while (!doors_.empty()) close_door(doors_.begin()->first);
  for (auto& [id, session] : sessions_) session->end_now(route::CutCause::shutdown);
  co_await tasks_.stop();
}

awaitable<void> Worker::keep_time() {
  for (;;) {
    co_await wake_.wait_until(next_wake());
    on_wake();
  }
}

BootInstant Worker::next_wake() const {
  auto next = sessions_.empty() ? BootInstant::max() : report_at_;
  const auto& gate = snapshot_->table.gate;
  if (gate.state != route::GateState::held && !sessions_.empty()) next = std::min(next, gate.until);
  for (const auto& room : rooms_) {
    if (const auto deadline = room.waiting.wake_at()) next = std::min(next, *deadline);
    if (room.next_release) next = std::min(next, *room.next_release);
  }
  return next;
}

void Worker::on_snapshot(std::shared_ptr<const Snapshot> snapshot) {
  const bool has_new_shape = snapshot->table.shape != snapshot_->table.shape;
  snapshot_ = std::move(snapshot);
  make_rooms();
  if (has_new_shape) cut_what_must_end(BootClock::now());
  wake_.notify();  // the gate's deadline has moved, and who waits may be served
}

void Worker::on_wake() {
  const auto now = BootClock::now();
  const auto& gate = snapshot_->table.gate;
  if (gate.state != route::GateState::held && now >= gate.until) cut_what_must_end(now);
  expire_waiting(now);
  for (std::size_t i = 0; i < rooms_.size(); ++i) release_waiting(i, now);
  if (now >= report_at_) report_all();
}

void Worker::cut_what_must_end(BootInstant now) {
  for (auto& [id, session] : sessions_) {
    if (!session->seat || session->cut) continue;
    const auto cause = must_cut(snapshot_->table, session->seat->grant(), now);
    if (!cause) continue;
    // Still connecting: the client has seen nothing of that server and waits for the next one instead.
    if (session->is_relaying) {
      session->end_now(*cause);
    } else {
      boost::system::error_code ignored;
      session->server.close(ignored);
    }
  }
}

void Worker::expire_waiting(BootInstant now) {
  for (auto& room : rooms_) {
    for (const auto id : room.waiting.take_expired(now)) {
      sessions_.at(id)->is_expired = true;
      sessions_.at(id)->turn.notify();
    }
  }
}

// In turn, as long as there is a server for the first and the pace allows.
void Worker::release_waiting(std::size_t listener, BootInstant now) {
  auto& room = rooms_[listener];
  room.next_release.reset();
  while (const auto id = room.waiting.front()) {
    auto& session = *sessions_.at(*id);
    if (!try_seat(session, now)) return;
    if (!room.pace.try_take(now)) {
      session.seat.reset();
      room.next_release = room.pace.next();
      return;
    }
    room.waiting.remove(*id);
    session.turn.notify();
  }
}

bool Worker::try_seat(Session& session, BootInstant now) {
  const auto& [table, accounts, settings] = *snapshot_;
  auto& room = rooms_[session.listener];
  std::vector<std::int64_t> used;
  for (const auto& account : accounts) used.push_back(account->connections.now());
  const auto& policy = settings->listeners[session.listener].policy;
  const std::uint64_t random = std::uint64_t{random_()} << 32 | random_();
  auto choice =
      pick(table, policy, {used, settings->server_maxconn}, room.cursor, session.refused, random, now);
  session.waits_for_place = choice.is_full;
  session.why_waiting = choice.why;
  if (!choice.server) return false;
  const auto& account = accounts[*choice.server];
  if (!try_reserve(session.listener, *account)) {
    session.waits_for_place = true;
    session.why_waiting = "the proxy is at its maxconn";
    return false;
  }
  session.seat.emplace(ledger_, session.listener, account, std::move(choice.grant));
  return true;
}

// Takes a place in every count that has a limit, or in none.
bool Worker::try_reserve(std::size_t listener, ServerAccount& account) {
  const auto& settings = *snapshot_->settings;
  auto& sessions = ledger_->listener(listener).sessions;
  if (!ledger_->sessions.try_add(settings.maxconn)) return false;
  if (sessions.try_add(settings.listeners[listener].maxconn)) {
    if (account.connections.try_add(settings.server_maxconn)) return true;
    sessions.remove();
  }
  ledger_->sessions.remove();
  return false;
}

void Worker::report_all() {
  for (auto& [id, session] : sessions_) session->report_traffic();
  report_at_ = BootClock::now() + report_interval;
}

}  // namespace holdfast::proxy
