#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "base/secret.hpp"

namespace holdfast::drill {

struct Address {
  std::string host;
  int port = 0;

  bool operator==(const Address&) const = default;
};
std::string to_string(const Address& address);

struct Login {
  std::string user = "postgres";
  Secret password;
  std::string database = "postgres";
};

using Row = std::vector<std::string>;

// What a failed statement tells its client.
struct Verdict {
  std::string kind;          // a SQLSTATE, or "timeout", "connection refused", "connection lost"
  bool may_be_done = false;  // the statement may have been committed all the same
};

// A client like any other: it sees what an application sees, so it sets nothing in its session. One statement
// at a time.
class Connection {
 public:
  static awaitable<Result<Connection>> connect(Address address, Login login);

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // No deadline of its own: use with_timeout, and drop the connection when it comes. The text of a command
  // that returns no rows is its status.
  awaitable<Result<std::vector<Row>>> query(std::string sql);

  // After a failed query(), or one that a deadline ended.
  Verdict verdict(const Error& error) const;

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Of a failure to connect, from its error alone: nothing can have been done.
Verdict verdict_of_connect(const Error& error);

// Did the server say for sure that it did not commit? `sqlstate` is what it answered.
bool may_be_committed(const std::string& sqlstate);

}  // namespace holdfast::drill
