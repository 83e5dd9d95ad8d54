#include <fmt/format.h>
#include <libpq-fe.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "cli/members.hpp"
#include "cli/selection.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "cli/watch.hpp"

// `query`: plain blocking libpq, with the search path and settings that the user's own role has.
namespace holdfast::cli {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

struct Wanted {
  RoleOrMember who;
  std::string sql, database, username;
  Secret password;
};

Connection connect(const MemberAddress& address, const Wanted& wanted) {
  const std::string port = std::to_string(address.port);
  std::vector<const char*> keys{"host", "port", "connect_timeout", "fallback_application_name"};
  std::vector<const char*> values{address.host.c_str(), port.c_str(), "5", "Patroni ctl"};
  const auto add = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    keys.push_back(key);
    values.push_back(value.c_str());
  };
  add("dbname", wanted.database);
  add("user", wanted.username);
  add("password", wanted.password.reveal());
  keys.push_back(nullptr);
  values.push_back(nullptr);
  return Connection{PQconnectdbParams(keys.data(), values.data(), 0), &PQfinish};
}

// Roles are told by the DCS; the server itself has the last word, as it may have changed since.
bool has_role(PGconn* connection, const std::string& role) {
  if (role == "any" || role == "leader") return true;
  const Answer answer{PQexec(connection, "SELECT pg_catalog.pg_is_in_recovery()"), &PQclear};
  if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) return false;
  const bool in_recovery = std::string_view{PQgetvalue(answer.get(), 0, 0)} == "t";
  return in_recovery == (role == "replica" || role == "standby" || role == "standby-leader");
}

Table message(const std::string& text) {
  Table table;
  table.columns = {{.name = "time"}, {.name = "message"}};
  table.rows.push_back({boost::json::value(local_time(wall_now())), boost::json::value(text)});
  return table;
}

Table table_of(PGresult* answer) {
  Table table;
  for (int column = 0; column < PQnfields(answer); ++column)
    table.columns.push_back({.name = PQfname(answer, column)});
  for (int row = 0; row < PQntuples(answer); ++row) {
    auto& cells = table.rows.emplace_back();
    for (int column = 0; column < PQnfields(answer); ++column) {
      if (PQgetisnull(answer, row, column) != 0) {
        cells.emplace_back(nullptr);
      } else {
        cells.emplace_back(PQgetvalue(answer, row, column));
      }
    }
  }
  return table;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return strip(text);
}

struct Outcome {
  Table table;
  int code = 0;
};

Outcome query_member(const dcs::Cluster& cluster, const Wanted& wanted) {
  for (const auto* member : members_with_role(cluster, wanted.who.role)) {
    const auto address = address_of(*member);
    if (!address || (wanted.who.member && *wanted.who.member != member->name)) continue;
    const auto connection = connect(*address, wanted);
    if (PQstatus(connection.get()) != CONNECTION_OK)
      return {message("ERROR: " + one_line(PQerrorMessage(connection.get()))), 1};
    if (!has_role(connection.get(), wanted.who.role)) continue;
    const Answer answer{PQexec(connection.get(), wanted.sql.c_str()), &PQclear};
    if (PQresultStatus(answer.get()) == PGRES_TUPLES_OK) return {table_of(answer.get()), 0};
    if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK) return {message(PQcmdStatus(answer.get())), 0};
    const char* state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    return {message(fmt::format("ERROR, SQLSTATE: {} {}", state != nullptr ? state : "",
                                one_line(PQresultErrorMessage(answer.get())))),
            1};
  }
  return {
      message(wanted.who.member ? fmt::format("No connection to member {} is available", *wanted.who.member)
                                : fmt::format("No connection to role={} is available", wanted.who.role)),
      1};
}

Result<std::string> sql_of(const Query& verb) {
  if (!verb.file.empty() && !verb.command.empty()) {
    return fail(Errc::invalid_argument, "--file and --command are mutually exclusive options");
  }
  if (verb.file.empty() && verb.command.empty()) {
    return fail(Errc::invalid_argument, "You need to specify either --command or --file");
  }
  if (verb.file.empty()) return verb.command;
  std::ifstream stream{verb.file};
  if (!stream) return fail(Errc::not_found, verb.file + " can't be read");
  return std::string{std::istreambuf_iterator<char>{stream}, {}};
}

Result<Wanted> settle(Context& context, const Query& verb) {
  const auto who = role_or_member(verb.role, verb.member);
  if (!who) return tl::unexpected(who.error());
  const auto sql = sql_of(verb);
  if (!sql) return tl::unexpected(sql.error());
  Wanted wanted{
      .who = *who, .sql = *sql, .database = verb.database, .username = verb.username, .password = {}};
  if (verb.password) {
    auto password = context.terminal.ask_secret("Password");
    if (!password) return tl::unexpected(password.error());
    wanted.password = *std::move(password);
  }
  return wanted;
}

}  // namespace

Result<int> run_verb(Context& context, const Query& verb) {
  auto wanted = settle(context, verb);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  // Patroni's file holds the superuser's credentials: used when nothing else was said, on that host only.
  const auto& superuser = (*session)->config().postgresql.authentication.superuser;
  if (wanted->username.empty()) {
    wanted->username = superuser.username;
    if (wanted->password.empty()) wanted->password = superuser.password;
  }
  if (wanted->database.empty()) wanted->database = (*session)->config().postgresql.database;
  return watching(context.terminal, verb.watch, false, [&]() -> Result<int> {
    const auto cluster = (*session)->read();
    if (!cluster) return tl::unexpected(cluster.error());
    const auto outcome = query_member(*cluster, *wanted);
    std::string text = print_table(outcome.table, verb.format, verb.delimiter);
    text.pop_back();
    context.terminal.say(text);
    return outcome.code == 0 ? 0 : context.declined();
  });
}

}  // namespace holdfast::cli
