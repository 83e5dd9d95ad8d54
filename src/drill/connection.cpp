#include "drill/connection.hpp"

#include <libpq-fe.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <string_view>

namespace holdfast::drill {
namespace {

using Ready = asio::posix::descriptor_base;
using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

// "FATAL:  57P03: the database system is starting up": what PQERRORS_SQLSTATE and _VERBOSE begin with.
std::string sqlstate_in(std::string_view message) {
  for (const std::string_view level : {"FATAL:  ", "ERROR:  ", "PANIC:  "}) {
    const auto at = message.rfind(level);
    if (at == std::string_view::npos) continue;
    const auto code = message.substr(at + level.size(), 5);
    const bool fits =
        code.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
    if (code.size() == 5 && fits) return std::string{code};
  }
  return {};
}

std::string without_newlines(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (auto& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

// Error::context is "<kind>|<text>" inside this file's errors about connecting, so that the kind survives.
tl::unexpected<Error> connect_failure(PGconn* connection) {
  const std::string text = without_newlines(PQerrorMessage(connection));
  std::string kind = sqlstate_in(text);
  if (kind.empty())
    kind = text.find("refused") != std::string::npos ? "connection refused" : "connection lost";
  return fail(Errc::unavailable, kind + "|" + text);
}

std::vector<Row> rows_of(const PGresult* result) {
  std::vector<Row> rows;
  for (int i = 0; i < PQntuples(result); ++i) {
    auto& row = rows.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column)
      row.emplace_back(PQgetvalue(result, i, column));
  }
  return rows;
}

}  // namespace

struct Connection::State {
  explicit State(const asio::any_io_executor& executor) : socket{executor} {}
  ~State() {
    let_go();
    if (native != nullptr) PQfinish(native);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // libpq owns the descriptor, Asio only watches it.
  void let_go() {
    if (socket.is_open()) socket.release();
  }
  awaitable<void> wait_for(Ready::wait_type what) {
    if (!socket.is_open()) socket.assign(PQsocket(native));
    co_await socket.async_wait(what, asio::use_awaitable);
  }
  static void on_notice(void* self, const PGresult* notice) {
    const char* text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    const std::string_view words = text == nullptr ? "" : text;
    // The commit is on the primary alone (PostgreSQL, syncrep.c): success follows, but it is not known to be
    // durable.
    if (words.starts_with("canceling wait for synchronous replication"))
      static_cast<State*>(self)->weakened = true;
  }

  PGconn* native = nullptr;
  asio::posix::stream_descriptor socket;
  bool sent = false;  // of the statement under way
  bool weakened = false;
  std::string sqlstate;
};

std::string to_string(const Address& address) {
  return address.host + ":" + std::to_string(address.port);
}

bool may_be_committed(const std::string& sqlstate) {
  // Class 08 and 40003 say that they do not know (a proxy: 08007). 57P01 and 57P02 end a session from
  // outside, perhaps between its commit and the answer; 58 and XX are failures that may come at any point.
  const auto starts = [&](const char* prefix) { return sqlstate.starts_with(prefix); };
  return starts("08") || sqlstate == "40003" || sqlstate == "57P01" || sqlstate == "57P02" || starts("58") ||
         starts("XX");
}

Verdict verdict_of_connect(const Error& error) {
  if (error.code == Errc::timed_out) return {.kind = "timeout"};
  return {.kind = error.context.substr(0, error.context.find('|'))};
}

Connection::Connection(std::unique_ptr<State> state) : state_{std::move(state)} {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

awaitable<Result<Connection>> Connection::connect(Address address, Login login) {
  auto state = std::make_unique<State>(co_await asio::this_coro::executor);
  const std::string port = std::to_string(address.port);
  const char* names[] = {"host",     "port",     "dbname",           "user",
                         "password", "passfile", "application_name", nullptr};
  const char* values[] = {address.host.c_str(),
                          port.c_str(),
                          login.database.c_str(),
                          login.user.c_str(),
                          login.password.reveal().c_str(),
                          "/nonexistent",
                          "holdfast drill",
                          nullptr};
  state->native = PQconnectStartParams(names, values, 0);
  if (state->native == nullptr) co_return fail(Errc::internal, "connection lost|out of memory");
  PQsetErrorVerbosity(state->native, PQERRORS_VERBOSE);
  PQsetNoticeReceiver(state->native, &State::on_notice, state.get());
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  if (PQstatus(state->native) == CONNECTION_BAD) next = PGRES_POLLING_FAILED;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) co_return connect_failure(state->native);
    const auto what = next == PGRES_POLLING_READING ? Ready::wait_read : Ready::wait_write;
    co_await state->wait_for(what);
    state->let_go();  // PQconnectPoll may go on with another descriptor of the same number
    next = PQconnectPoll(state->native);
  }
  PQsetnonblocking(state->native, 1);
  co_return Connection{std::move(state)};
}

awaitable<Result<std::vector<Row>>> Connection::query(std::string sql) {
  auto& state = *state_;
  state.sqlstate.clear();
  state.weakened = false;
  state.sent = PQsendQuery(state.native, sql.c_str()) == 1;
  if (!state.sent) co_return fail(Errc::unavailable, without_newlines(PQerrorMessage(state.native)));
  while (PQflush(state.native) == 1) co_await state.wait_for(Ready::wait_write);
  Result<std::vector<Row>> answer = std::vector<Row>{};
  for (;;) {
    while (PQisBusy(state.native) == 1) {
      co_await state.wait_for(Ready::wait_read);
      if (PQconsumeInput(state.native) == 0) {
        co_return fail(Errc::unavailable, without_newlines(PQerrorMessage(state.native)));
      }
    }
    const ResultPtr result{PQgetResult(state.native), &PQclear};
    if (!result) break;
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      if (answer) answer = rows_of(result.get());
      continue;
    }
    const char* code = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    if (state.sqlstate.empty()) state.sqlstate = code == nullptr ? "" : code;
    answer = fail(Errc::refused, without_newlines(PQresultErrorMessage(result.get())));
  }
  if (answer && state.weakened)
    co_return fail(Errc::refused, "the wait for synchronous replication was cancelled");
  co_return answer;
}

Verdict Connection::verdict(const Error& error) const {
  if (error.code == Errc::timed_out) return {.kind = "timeout", .may_be_done = state_->sent};
  if (state_->weakened) return {.kind = "unsynchronized", .may_be_done = true};
  if (!state_->sqlstate.empty()) return {state_->sqlstate, may_be_committed(state_->sqlstate)};
  return {.kind = "connection lost", .may_be_done = state_->sent};
}

}  // namespace holdfast::drill
