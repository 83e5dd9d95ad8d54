#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "async/task_group.hpp"
#include "proxy/ledger.hpp"
#include "proxy/listen.hpp"
#include "proxy/session.hpp"
#include "route/admission.hpp"
#include "route/balance.hpp"

namespace holdfast::proxy {

// One thread of the data plane: its own loop, its own listening sockets, its own clients. It is given
// snapshots; it keeps the gate's deadline by its own clock, so a control thread that hangs can't leave an old
// primary served.
class Worker {
 public:
  // `ledger` outlives it. `nudge_others` is called on the worker's thread when a place got free that a client
  // of another worker may wait for.
  Worker(std::size_t index, Ledger* ledger, std::shared_ptr<const Snapshot> first,
         std::function<void()> nudge_others);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  asio::io_context& loop() { return loop_; }
  void start();

  // From any thread.
  void publish(std::shared_ptr<const Snapshot> snapshot);
  void nudge();
  // Asks for a sign of life; how long the oldest unanswered question is open.
  void ask_for_life(BootInstant now);
  nanoseconds silent_for(BootInstant now) const;
  // Clients of Settings::listeners[listener], which must have been published, come through it from now on,
  // and through the one before it no more.
  void open_listener(std::size_t listener, Acceptor acceptor);
  void close_listener(std::size_t listener);  // its clients stay
  void stop_accepting();
  void stop();  // cuts what is left and returns when the thread has ended

 private:
  struct Room {
    route::WaitingRoom waiting;
    route::Pace pace{{}};
    route::Cursor cursor;
    std::optional<BootInstant> next_release;  // the pace said: not before
  };
  // A listening socket of one listener.
  struct Door {
    std::size_t listener;
    Acceptor acceptor;
  };
  enum class Waited { seated, expired, gone };
  using SessionPtr = std::shared_ptr<Session>;

  // worker.cpp: the thread, the clock, who is let in
  void run();
  awaitable<void> finish();
  awaitable<void> keep_time();
  BootInstant next_wake() const;
  void on_snapshot(std::shared_ptr<const Snapshot> snapshot);
  void make_rooms();
  void close_door(std::size_t listener);
  void admit(Tcp::socket socket, std::size_t listener);
  void on_wake();
  void cut_what_must_end(BootInstant now);
  void expire_waiting(BootInstant now);
  void release_waiting(std::size_t listener, BootInstant now);
  bool try_seat(Session& session, BootInstant now);
  bool try_reserve(std::size_t listener, ServerAccount& account);
  void report_all();

  // serve.cpp: one client's way through
  awaitable<void> accept_clients(std::shared_ptr<Door> door);
  awaitable<void> serve(SessionPtr session);
  awaitable<bool> find_server(SessionPtr session);
  awaitable<Waited> wait_turn(SessionPtr session);
  awaitable<Result<void>> pause_or_gone(SessionPtr session, milliseconds span);
  awaitable<Result<void>> connect_server(SessionPtr session);
  awaitable<Result<void>> open_server(SessionPtr session);
  awaitable<void> refuse(SessionPtr session);
  awaitable<Result<void>> send_refusal(SessionPtr session, std::string error);
  void join(Session& session);
  void leave(Session& session);
  void give_back_seat(Session& session);
  void note_end(Session& session);
  const ListenerSettings& settings_of(const Session& session) const;

  std::size_t index_;
  Ledger* ledger_;
  std::function<void()> nudge_others_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  async::TaskGroup tasks_;
  async::Event wake_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::map<std::size_t, std::shared_ptr<Door>> doors_;  // by listener
  std::deque<Room> rooms_;                              // one a listener
  std::map<route::ClientId, Session*> sessions_;
  route::ClientId last_id_ = 0;
  std::minstd_rand random_;
  BootInstant report_at_{};
  std::atomic<std::int64_t> asked_at_{0};  // nanoseconds of the open question; 0: none
  std::thread thread_;
};

}  // namespace holdfast::proxy
