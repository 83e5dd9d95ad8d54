#include "drill/probe.hpp"

#include <charconv>

#include "async/with_timeout.hpp"
#include "drill/ask.hpp"

namespace holdfast::drill {
namespace {

std::set<std::int64_t> ids_of(const std::vector<Row>& rows) {
  std::set<std::int64_t> ids;
  for (const auto& row : rows) {
    std::int64_t id = 0;
    std::from_chars(row[0].data(), row[0].data() + row[0].size(), id);
    ids.insert(ids.end(), id);
  }
  return ids;
}

}  // namespace

// One simulated application: keeps its connection until it fails, then tries the next address.
struct Probe::Client {
  Load load;
  std::vector<Address> addresses;
  std::size_t current = 0;
  std::int64_t id = 0;  // of the row that it is writing
  std::optional<Connection> connection;
  Error connect_error{};
};

namespace {

WorkloadOptions checked_part(const ProbeOptions& options) {
  return {.write_to = options.write_to,
          .login = options.login,
          .table = options.table,
          .register_clients = options.register_clients,
          .list_clients = options.list_clients,
          .deadline = options.deadline};
}

}  // namespace

Probe::Probe(ProbeOptions options) : options_{std::move(options)}, workload_{checked_part(options_)} {}

void Probe::start(async::TaskGroup& tasks) {
  for (int i = 0; i < options_.writers; ++i) tasks.spawn("probe writer", run_client(Load::write, i));
  for (int i = 0; i < options_.readers; ++i) tasks.spawn("probe reader", run_client(Load::read, i));
  workload_.start(tasks);
}

awaitable<Result<void>> Probe::attempt(Client& client) {
  if (!client.connection) {
    auto connected = co_await Connection::connect(client.addresses[client.current], options_.login);
    if (!connected) co_return tl::unexpected(connected.error());
    client.connection = std::move(*connected);
  }
  std::string sql = "SELECT 1 FROM " + options_.table + " LIMIT 1";
  if (client.load == Load::write) {
    client.id = next_id_++;
    sql = "INSERT INTO " + options_.table + " VALUES (" + std::to_string(client.id) + ")";
  }
  auto answer = co_await client.connection->query(std::move(sql));
  if (!answer) co_return tl::unexpected(answer.error());
  co_return Result<void>{};
}

awaitable<void> Probe::run_client(Load load, int number) {
  Client client{.load = load, .addresses = load == Load::write ? options_.write_to : options_.read_from};
  client.current = static_cast<std::size_t>(number) % client.addresses.size();
  for (;;) {
    client.id = 0;
    auto trying = attempt(client);
    auto done = co_await async::with_timeout(options_.deadline, std::move(trying));
    const auto now = BootClock::now();
    if (done) {
      if (load == Load::write)
        ledger_.acknowledge_write(client.id, now);
      else
        ledger_.acknowledge_read(now);
      if (options_.pace > 0ms) co_await async::sleep_for(options_.pace);
      continue;
    }
    const auto verdict =
        client.connection ? client.connection->verdict(done.error()) : verdict_of_connect(done.error());
    ledger_.fail(load, verdict.kind, now);
    if (client.id != 0 && verdict.may_be_done) ledger_.doubt(client.id);
    client.connection.reset();
    client.current = (client.current + 1) % client.addresses.size();
    co_await async::sleep_for(options_.retry_pause);
  }
}

awaitable<Result<std::vector<Row>>> Probe::ask_primary(std::string sql, nanoseconds limit) {
  auto rows = co_await ask_any(options_.write_to, options_.login, std::move(sql), limit);
  co_return rows;
}

awaitable<Result<void>> Probe::prepare(nanoseconds limit) {
  std::string sql = "DROP TABLE IF EXISTS " + options_.table + "; CREATE TABLE " + options_.table +
                    " (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())";
  if (is_checked()) sql += "; " + workload_.schema();
  auto made = co_await ask_primary(std::move(sql), limit);
  if (!made) co_return fail("making the probe's table", made.error());
  co_return Result<void>{};
}

awaitable<Result<ProbeResult>> Probe::verify(nanoseconds limit) {
  auto rows = co_await ask_primary("SELECT id FROM " + options_.table + " ORDER BY id", limit);
  if (!rows) co_return fail("looking for the acknowledged writes", rows.error());
  const auto present = ids_of(*rows);
  ProbeResult result{.acknowledged = ledger_.count(Load::write),
                     .doubtful = ledger_.doubtful().size(),
                     .missing = ledger_.missing(present)};
  for (const auto id : ledger_.doubtful()) result.doubtful_found += present.contains(id) ? 1 : 0;
  if (!is_checked()) co_return result;
  auto judgement = co_await workload_.judge(limit);
  if (!judgement) co_return tl::unexpected(judgement.error());
  result.judgement = std::move(*judgement);
  co_return result;
}

awaitable<Result<void>> Probe::drop_table() {
  std::string sql = "DROP TABLE IF EXISTS " + options_.table;
  if (is_checked()) sql += "; " + workload_.cleanup();
  auto dropped = co_await ask_primary(std::move(sql), 5s);
  if (!dropped) co_return fail("dropping the probe's table", dropped.error());
  co_return Result<void>{};
}

}  // namespace holdfast::drill
