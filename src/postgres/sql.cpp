#include "postgres/sql.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "async/event.hpp"
#include "async/with_timeout.hpp"

namespace holdfast::postgres {
namespace {

using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;
using Words = std::vector<std::pair<std::string, std::string>>;

std::string first_line(std::string_view text) {
  const auto end = text.find('\n');
  std::string line{text.substr(0, end)};
  for (const std::string_view prefix : {"FATAL:  ", "ERROR:  ", "PANIC:  "}) {
    if (const auto at = line.find(prefix); at != std::string::npos) return line.substr(at + prefix.size());
  }
  return line;
}

bool is_sqlstate(std::string_view text) {
  const auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  return text.size() == 5 && std::all_of(text.begin(), text.end(), fits);
}

Errc errc_of_sqlstate(std::string_view state) {
  if (state == "57P03" || state == "57P01" || state == "57P02" || state.starts_with("08"))
    return Errc::unavailable;
  if (state == "53100") return Errc::no_space;
  if (state == "57014") return Errc::timed_out;
  if (state == "42501") return Errc::permission_denied;
  if (state == "42704" || state == "42P01") return Errc::not_found;
  if (state.starts_with("58")) return Errc::io_error;
  return Errc::refused;
}

// One clear sentence for what a human must repair (wrong passwords are the most frequent of all).
std::string explained(const std::string& text, const std::string& state, const std::string& user) {
  if (state == "28P01") {
    return "the password of \"" + user +
           "\" is wrong: what the configuration has and what the server stores differ; "
           "repair postgresql.authentication or ALTER ROLE (" +
           text + ")";
  }
  if (state == "28000")
    return "\"" + user + "\" may not log in; check pg_hba.conf and that the role exists (" + text + ")";
  return text;
}

tl::unexpected<Error> fail_in_sql(const std::string& doing, std::string text, const std::string& state,
                                  const std::string& user) {
  text = explained(text, state, user);
  if (state.empty()) return fail(Errc::unavailable, doing + ": " + text);
  return fail(errc_of_sqlstate(state), doing + ": " + text + " [" + state + "]");
}

// "FATAL:  28P01: password authentication failed" (PQERRORS_VERBOSE, the only way to the code while
// connecting).
tl::unexpected<Error> connect_failure(PGconn* connection, const std::string& doing, const std::string& user) {
  const std::string_view whole{PQerrorMessage(connection)};
  std::string text = first_line(whole);
  std::string state;
  for (const std::string_view level : {"FATAL:  ", "ERROR:  ", "PANIC:  "}) {
    const auto at = whole.rfind(level);
    if (at == std::string_view::npos) continue;
    text = first_line(whole.substr(at));
    if (is_sqlstate(text.substr(0, 5))) {
      state = text.substr(0, 5);
      text.erase(0, std::min<std::size_t>(text.size(), 7));
    }
  }
  return fail_in_sql(doing, text, state, user);
}

std::string session_settings(const ConnectionOptions& options) {
  return fmt::format(
      "-c search_path=pg_catalog -c synchronous_commit=local -c statement_timeout={} "
      "-c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c default_transaction_read_only=off",
      options.statement_timeout.count());
}

Words conninfo(const ConnectionOptions& options, nanoseconds limit) {
  const auto& who = options.credentials;
  const auto whole_seconds = std::chrono::duration_cast<seconds>(limit).count();
  Words words{{"host", options.host},
              {"port", std::to_string(options.port)},
              {"dbname", options.database},
              {"user", who.username},
              {"password", who.password.reveal()},
              {"passfile", "/nonexistent"},
              {"application_name", options.application_name},
              {"client_encoding", "UTF8"},
              {"options", session_settings(options)},
              {"keepalives_idle", "5"},
              {"keepalives_interval", "2"},
              {"keepalives_count", "3"},
              {"tcp_user_timeout", std::to_string(std::max<std::int64_t>(whole_seconds, 2) * 1000)}};
  if (options.replication) words.emplace_back("replication", "true");
  for (const auto& [name, value] : who.connection) words.emplace_back(name, value);
  return words;
}

bool needs_resolving(const std::string& host) {
  if (host.empty() || host.front() == '/' || host.front() == '@') return false;
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  return bool{not_an_address};
}

// getaddrinfo can't be cancelled: the answer is left to whoever still holds this.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver{executor}, answered{executor} {}
  asio::ip::tcp::resolver resolver;
  async::Event answered;
  boost::system::error_code failure = asio::error::timed_out;
  std::vector<std::string> addresses;
};

awaitable<Result<std::vector<std::string>>> resolve(std::string host, nanoseconds limit) {
  auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->resolver.async_resolve(host, "",
                                 [lookup](const boost::system::error_code& failure, const auto& found) {
                                   lookup->failure = failure;
                                   for (const auto& entry : found)
                                     lookup->addresses.push_back(entry.endpoint().address().to_string());
                                   lookup->answered.notify();
                                 });
  co_await lookup->answered.wait_until(BootClock::now() + limit);
  if (lookup->addresses.empty()) co_return async::fail_with("resolving " + host, lookup->failure);
  co_return lookup->addresses;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

PGconn* start_connecting(const Words& words) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : words) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(names.data(), values.data(), 0);
}

Rows rows_of(const PGresult* result) {
  Rows answer;
  const int columns = PQnfields(result);
  for (int column = 0; column < columns; ++column) answer.columns.emplace_back(PQfname(result, column));
  for (int row = 0; row < PQntuples(result); ++row) {
    auto& values = answer.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column))
        values.emplace_back();
      else
        values.emplace_back(std::string{PQgetvalue(result, row, column)});
    }
  }
  return answer;
}

}  // namespace

struct Connection::State {
  explicit State(const asio::any_io_executor& executor) : socket{executor} {}
  ~State() { close(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // libpq owns the descriptor; Asio only watches it, and must let go before libpq closes or replaces it.
  void let_go() {
    if (socket.is_open()) socket.release();
  }
  void close() {
    let_go();
    if (native != nullptr) PQfinish(std::exchange(native, nullptr));
  }
  awaitable<void> readable() { co_await wait_for(asio::posix::descriptor_base::wait_read); }
  awaitable<void> wait_for(asio::posix::descriptor_base::wait_type what) {
    if (!socket.is_open()) socket.assign(PQsocket(native));
    co_await socket.async_wait(what, asio::use_awaitable);
  }

  PGconn* native = nullptr;
  asio::posix::stream_descriptor socket;
  std::string user;
  std::string doing;

  awaitable<Result<void>> poll_until_connected();
  awaitable<Result<void>> flush();
  awaitable<Result<Rows>> collect();
};

awaitable<Result<void>> Connection::State::poll_until_connected() {
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) co_return connect_failure(native, doing, user);
    const bool reading = next == PGRES_POLLING_READING;
    const auto what =
        reading ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
    co_await wait_for(what);
    let_go();  // PQconnectPoll may go on to another address on another descriptor of the same number
    next = PQconnectPoll(native);
  }
  PQsetnonblocking(native, 1);
  PQsetErrorVerbosity(native, PQERRORS_DEFAULT);
  co_return Result<void>{};
}

awaitable<Result<void>> Connection::State::flush() {
  for (;;) {
    const int left = PQflush(native);
    if (left == 0) co_return Result<void>{};
    if (left < 0) co_return fail(Errc::unavailable, doing + ": " + first_line(PQerrorMessage(native)));
    co_await wait_for(asio::posix::descriptor_base::wait_write);
  }
}

awaitable<Result<Rows>> Connection::State::collect() {
  Result<Rows> answer = Rows{};
  for (;;) {
    while (PQisBusy(native)) {
      co_await readable();
      if (PQconsumeInput(native) == 0) {
        co_return fail(Errc::unavailable, doing + ": " + first_line(PQerrorMessage(native)));
      }
    }
    const ResultPtr result{PQgetResult(native), &PQclear};
    if (!result) co_return answer;
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      if (answer) answer = rows_of(result.get());
      continue;
    }
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const char* text = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    const std::string words = text != nullptr ? text : first_line(PQresultErrorMessage(result.get()));
    answer = fail_in_sql(doing, words, state == nullptr ? "" : state, user);
  }
}

Connection::Connection(std::unique_ptr<State> state) : state_{std::move(state)} {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

awaitable<Result<Connection>> Connection::connect(ConnectionOptions options, nanoseconds limit) {
  const auto started = BootClock::now();
  Words words = conninfo(options, limit);
  auto state = std::make_unique<State>(co_await asio::this_coro::executor);
  state->user = options.credentials.username;
  state->doing = fmt::format("connecting to {}:{} as {}", options.host, options.port, state->user);
  if (needs_resolving(options.host)) {
    auto addresses = co_await resolve(options.host, limit);
    if (!addresses) co_return fail(state->doing, addresses.error());
    const std::vector<std::string> names(addresses->size(), options.host);
    words.front().second = joined(names);
    words.emplace_back("hostaddr", joined(*addresses));
  }
  state->native = start_connecting(words);
  if (state->native == nullptr) co_return fail(Errc::internal, state->doing + ": out of memory");
  if (PQstatus(state->native) == CONNECTION_BAD)
    co_return connect_failure(state->native, state->doing, state->user);
  PQsetErrorVerbosity(state->native, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(state->native, [](void*, const char*) {}, nullptr);
  auto polling = state->poll_until_connected();
  const nanoseconds left = std::max<nanoseconds>(limit - (BootClock::now() - started), 1ms);
  auto connected = co_await async::with_timeout(left, std::move(polling));
  if (!connected && connected.error().code == Errc::timed_out)
    co_return fail(state->doing, connected.error());
  if (!connected) co_return tl::unexpected(connected.error());
  co_return Connection{std::move(state)};
}

awaitable<Result<Rows>> Connection::query(std::string sql, std::vector<Field> parameters, nanoseconds limit) {
  if (!is_usable()) co_return fail(Errc::unavailable, "the connection to PostgreSQL is closed");
  State* state = state_.get();
  state->doing = "asking PostgreSQL";
  std::vector<const char*> values;
  for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  const int count = static_cast<int>(values.size());
  const int sent = count == 0 ? PQsendQuery(state->native, sql.c_str())
                              : PQsendQueryParams(state->native, sql.c_str(), count, nullptr, values.data(),
                                                  nullptr, nullptr, 0);
  if (sent == 0) {
    const std::string why = first_line(PQerrorMessage(state->native));
    state->close();
    co_return fail(Errc::unavailable, state->doing + ": " + why);
  }
  const auto started = BootClock::now();
  auto flushing = state->flush();
  auto flushed = co_await async::with_timeout(limit, std::move(flushing));
  if (!flushed) {
    state->close();
    co_return tl::unexpected(flushed.error());
  }
  auto collecting = state->collect();
  const nanoseconds left = std::max<nanoseconds>(limit - (BootClock::now() - started), 1ms);
  auto answer = co_await async::with_timeout(left, std::move(collecting));
  // A lost or late connection still has an answer under way that would be taken for the next statement's.
  const bool is_lost =
      PQstatus(state->native) == CONNECTION_BAD || PQtransactionStatus(state->native) == PQTRANS_ACTIVE;
  if (is_lost) state->close();
  co_return answer;
}

awaitable<Result<Rows>> Connection::execute(std::string sql, nanoseconds limit) {
  std::vector<Field> none;
  co_return co_await query(std::move(sql), std::move(none), limit);
}

Result<std::string> Connection::password_verifier(const std::string& user, const Secret& password) const {
  char* made =
      PQencryptPasswordConn(state_->native, password.reveal().c_str(), user.c_str(), "scram-sha-256");
  if (made == nullptr) return fail(Errc::internal, "hashing the password of " + user);
  std::string text{made};
  PQfreemem(made);
  return text;
}

bool Connection::is_usable() const {
  return state_ && state_->native != nullptr && PQstatus(state_->native) == CONNECTION_OK;
}
int Connection::server_version() const {
  return is_usable() ? PQserverVersion(state_->native) : 0;
}
int Connection::backend_pid() const {
  return is_usable() ? PQbackendPID(state_->native) : 0;
}

}  // namespace holdfast::postgres
