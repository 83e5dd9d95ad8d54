#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "proxy/ledger.hpp"
#include "proxy/relay.hpp"
#include "route/admission.hpp"
#include "route/policy.hpp"

namespace holdfast::proxy {

// A server for one client, with the places it takes in the counts; given back when destroyed.
class Seat {
 public:
  Seat(Ledger* ledger, std::size_t listener, std::shared_ptr<ServerAccount> account, route::Grant grant);
  Seat(Seat&&) noexcept = default;
  Seat& operator=(Seat&&) = delete;
  ~Seat();

  const route::Grant& grant() const { return grant_; }
  Traffic& traffic() { return account_->by_listener[listener_]; }

 private:
  Ledger* ledger_;
  std::size_t listener_;
  std::shared_ptr<ServerAccount> account_;  // null: moved from
  route::Grant grant_;
};

// One client's connection, from accept to close. Belongs to its worker's loop.
struct Session {
  Session(Tcp::socket socket, std::size_t of, route::ClientId number)
      : id{number},
        listener{of},
        accepted_at{BootClock::now()},
        client{std::move(socket)},
        server{client.get_executor()},
        turn{client.get_executor()} {}

  route::ClientId id;
  std::size_t listener;
  BootInstant accepted_at;
  BootInstant seated_at{};     // the first time
  BootInstant connected_at{};  // to a server
  Tcp::socket client;
  Tcp::socket server;
  std::string early;  // what the client said while it waited: its start-up packet, at most early_bytes_max
  BootInstant deadline{};  // of waiting, first to last

  // Waiting: the worker sets one of these and notifies `turn`.
  async::Event turn;
  std::optional<Seat> seat;
  bool is_expired = false;
  std::string why_waiting;
  bool waits_for_place = false;  // all full, rather than no server

  std::vector<std::string> refused;  // servers that could not be reached for it
  std::optional<route::CutCause> cut;
  bool is_relaying = false;
  RelayState relayed;
  std::int64_t reported_in = 0;  // of `relayed`, already in the ledger
  std::int64_t reported_out = 0;

  void report_traffic();                // adds what is new to the ledger
  void end_now(route::CutCause cause);  // closes both sides at once, with a reset
};

inline constexpr std::size_t early_bytes_max = 16 * 1024;

// Keepalive, user timeout and no delay: what notices a dead host that sends no reset (EC-97).
void configure(Tcp::socket& socket, const Settings& settings);

}  // namespace holdfast::proxy
