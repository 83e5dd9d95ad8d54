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

// Places for listeners, those of reloads among them: accounts must not move while workers count in them.
inline constexpr std::size_t listeners_max = 128;

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

// A mean over about the last 1024 values, as HAProxy keeps it: each new one takes the share of one off what
// was there. Two that come at the same instant may cost each other a share; nobody waits.
class Average {
 public:
  void add(nanoseconds span);
  nanoseconds mean() const;
  nanoseconds longest() const { return nanoseconds{longest_.load(std::memory_order_relaxed)}; }

 private:
  static constexpr std::int64_t window = 1024;
  std::atomic<std::int64_t> count_{0};
  std::atomic<std::int64_t> sum_{0};  // nanoseconds, of min(count_, window) values
  std::atomic<std::int64_t> longest_{0};
};

// Of clients that had a server, told when they end (HAProxy: qtime, ctime, ttime).
struct Times {
  Average queue;    // from accept until a server was found for it
  Average connect;  // until that server, or the one after it, was connected
  Average total;    // from accept to the end
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
  Times times;
  std::atomic<std::int64_t> last_session_ns{0};  // BootInstant
};

// One server, over all listeners.
struct ServerAccount {
  Level connections;  // what server_maxconn bounds
  std::vector<Traffic> by_listener{listeners_max};
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
  Times times;          // over all servers
};

class Ledger {
 public:
  ListenerAccount& listener(std::size_t index) { return listeners_[index]; }
  const ListenerAccount& listener(std::size_t index) const { return listeners_[index]; }
  // Control thread only. Accounts live as long as the ledger: a server that comes back finds its own.
  std::shared_ptr<ServerAccount> server(const std::string& name);

  Level sessions;  // what maxconn bounds
  Level waiting;   // over all listeners
  Count accept_pauses;

 private:
  std::vector<ListenerAccount> listeners_{listeners_max};
  std::map<std::string, std::shared_ptr<ServerAccount>> servers_;
};

// What a worker is given: never changed, only replaced.
struct Snapshot {
  route::Table table;
  std::vector<std::shared_ptr<ServerAccount>> accounts;  // of table.servers
  std::shared_ptr<const Settings> settings;
};

}  // namespace holdfast::proxy
