#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/asio.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

struct ConnectionOptions {
  std::string host;  // name, address, or socket directory
  int port = 5432;
  std::string database = "postgres";
  Credentials credentials;
  std::string application_name = "holdfast";
  bool replication = false;              // the replication protocol (IDENTIFY_SYSTEM …) instead of SQL
  milliseconds statement_timeout = 10s;  // set in the session: the server gives up even if we are gone
};

// Our own server, as superuser.
ConnectionOptions local_connection(const Options& options);
// Another member's, as the given role.
ConnectionOptions remote_connection(const Options& options, const Upstream& to, const Credentials& as);

using Field = std::optional<std::string>;

// The answer to one statement, as text; columns by name.
class Rows {
 public:
  std::size_t size() const { return rows.size(); }
  bool empty() const { return rows.empty(); }
  // The value in `row` of `column`; nullopt for NULL and for a column that is not there.
  Field get(std::size_t row, std::string_view column) const;
  std::string text(std::size_t row, std::string_view column) const { return get(row, column).value_or(""); }

  std::vector<std::string> columns;
  std::vector<std::vector<Field>> rows;
};

// The SQLSTATE of an error made here ("28P01"); empty when the server gave none.
std::string sqlstate_of(const Error& error);

// One libpq connection, never blocking. Sessions run with search_path = pg_catalog (EC-85),
// synchronous_commit = local (EC-59) and a statement_timeout. Move-only; one statement at a time; belongs to
// one executor.
class Connection {
 public:
  // Errc: unavailable (nobody there, or "starting up": 57P03), refused (password, pg_hba, too many clients:
  // 53300), timed_out. The context never holds a password.
  static awaitable<Result<Connection>> connect(ConnectionOptions options, nanoseconds limit);

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Past `limit` the connection is closed and can't be used again; the server ends the statement by its own
  // statement_timeout (PQcancel would block on a server that hangs).
  awaitable<Result<Rows>> query(std::string sql, std::vector<Field> parameters, nanoseconds limit);
  // Several statements in one string, without parameters; answers the last one's rows.
  awaitable<Result<Rows>> execute(std::string sql, nanoseconds limit);

  // The SCRAM verifier to store instead of the password, so that the password is in no log of statements
  // (EC-84).
  Result<std::string> password_verifier(const std::string& user, const Secret& password) const;

  bool is_usable() const;
  int server_version() const;  // 150020
  int backend_pid() const;

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view text);

}  // namespace holdfast::postgres
