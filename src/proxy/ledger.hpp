#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/settings.hpp"
#include "route/table.hpp"

// What is counted, and the limits that are kept by counting: the only memory that workers share. All atomics
// are relaxed; they are touched once a connection or once a second, never once a message.
namespace holdfast::proxy {

inline constexpr std::size_t cut_causes = 5;  // of route::CutCause

// A level with its highest mark.
class Level {
 public:
  void add();
  void remove() { now_.fetch_sub(1, std::memory_order_relaxed); }
  bool try_add(std::int64_t limit);  // false: it is at `limit` (0: no limit)
  std::int64_t now() const { return now_.load(std::memory_order_relaxed); }
  std::int64_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  void raise_peak(std::int64_t to);
  std::atomic<std::int64_t> now_{0};
  std::atomic<std::int64_t> peak_{0};
};

class Count {
 public:
  void add(std::int64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Connections of one listener's clients to one server.
struct Traffic {
  Level sessions;
  Count total;
  Count bytes_in;   // from clients
  Count bytes_out;  // to clients
  Count connect_errors;
  Count retries;        // a client was given another try elsewhere or later
  Count client_aborts;  // the client's side failed while bytes were on their way
  Count server_aborts;
  std::array<Count, cut_causes> cuts;
  std::atomic<std::int64_t> last_session_ns{0};  // BootInstant
};

// One server, over all listeners.
struct ServerAccount {
  explicit ServerAccount(std::size_t listeners) : by_listener(listeners) {}
  Level connections;  // what server_maxconn bounds
  std::vector<Traffic> by_listener;
  std::atomic<std::int64_t> downs{0};  // UP -> DOWN transitions (control thread)
};

struct ListenerAccount {
  Level clients;   // all that are connected to us
  Level sessions;  // those that have a server, or are being connected to one
  Level waiting;   // held or queued
  Count accepted;
  Count held;           // had to wait because no server could serve
  Count hold_timeouts;  // told 57P03
  Count rejected;       // told 53300
  Count gone;           // hung up while waiting
};

class Ledger {
 public:
  explicit Ledger(std::size_t listeners) : listeners_(listeners) {}

  ListenerAccount& listener(std::size_t index) { return listeners_[index]; }
  const ListenerAccount& listener(std::size_t index) const { return listeners_[index]; }
  // Control thread only. Accounts live as long as the ledger: a server that comes back finds its own.
  std::shared_ptr<ServerAccount> server(const std::string& name);

  Level sessions;  // what maxconn bounds
  Level waiting;   // over all listeners
  Count accept_pauses;

 private:
  std::vector<ListenerAccount> listeners_;
  std::map<std::string, std::shared_ptr<ServerAccount>> servers_;
};

// What a worker is given: never changed, only replaced.
struct Snapshot {
  route::Table table;
  std::vector<std::shared_ptr<ServerAccount>> accounts;  // of table.servers
  std::shared_ptr<const Settings> settings;
};

}  // namespace holdfast::proxy
