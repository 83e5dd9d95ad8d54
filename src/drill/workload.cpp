#include "drill/workload.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "async/with_timeout.hpp"
#include "drill/ask.hpp"

namespace holdfast::drill {
namespace {

constexpr std::uint64_t register_count = 4;  // few: clients shall meet
constexpr std::int64_t list_length = 100;    // then the next list begins

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<std::int64_t> numbers_of(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    numbers.push_back(number_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numbers;
}

// What the answer says, into the operation.
void learn(Operation& operation, const std::vector<Row>& rows) {
  if (operation.act == Act::compare_and_set) operation.has_swapped = !rows.empty();
  if (operation.act == Act::read) operation.value = rows.empty() ? 0 : number_of(rows[0][0]);
  if (operation.act == Act::read_list && !rows.empty()) operation.items = numbers_of(rows[0][0]);
}

}  // namespace

struct Workload::Client {
  int number = 0;
  std::mt19937_64 dice;
  std::size_t address = 0;
  std::optional<Connection> connection;
  std::map<std::int64_t, std::int64_t> last_found;  // by register

  std::uint64_t roll(std::uint64_t sides) { return dice() % sides; }
};

Outcome outcome_of(const Verdict& verdict, Act act) {
  const bool only_reads = act == Act::read || act == Act::read_list;
  return verdict.may_be_done && !only_reads ? Outcome::unknown : Outcome::failed;
}

std::string Workload::schema() const {
  return fmt::format(
      "{}; CREATE TABLE {} (key bigint PRIMARY KEY, value bigint NOT NULL); "
      "CREATE TABLE {} (key bigint PRIMARY KEY, items bigint[] NOT NULL)",
      cleanup(), registers(), lists());
}

std::string Workload::cleanup() const {
  return fmt::format("DROP TABLE IF EXISTS {}, {}", registers(), lists());
}

void Workload::start(async::TaskGroup& tasks) {
  for (int i = 0; i < options_.register_clients; ++i) tasks.spawn("register client", run_client(i, false));
  for (int i = 0; i < options_.list_clients; ++i)
    tasks.spawn("list client", run_client(options_.register_clients + i, true));
}

std::string Workload::statement(const Operation& operation) const {
  const auto key = operation.key;
  const auto value = operation.value;
  switch (operation.act) {
    case Act::read:
      return fmt::format("SELECT value FROM {} WHERE key = {}", registers(), key);
    case Act::write:
      return fmt::format(
          "INSERT INTO {} VALUES ({}, {}) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value RETURNING "
          "value",
          registers(), key, value);
    case Act::compare_and_set:
      return fmt::format("UPDATE {} SET value = {} WHERE key = {} AND value = {} RETURNING value",
                         registers(), value, key, operation.expected);
    case Act::append:
      return fmt::format(
          "INSERT INTO {} AS known VALUES ({}, ARRAY[{}]::bigint[]) ON CONFLICT (key) DO UPDATE SET items = "
          "known.items || EXCLUDED.items",
          lists(), key, value);
    case Act::read_list:
      return fmt::format("SELECT array_to_string(items, ',') FROM {} WHERE key = {}", lists(), key);
  }
  return "";
}

Operation Workload::choose_on_register(Client& client) {
  Operation operation{.client = client.number, .key = static_cast<std::int64_t>(client.roll(register_count))};
  const auto choice = client.roll(4);
  if (choice < 2) return operation;
  operation.value = next_value_++;
  operation.expected = client.last_found[operation.key];
  // Without a row there is nothing that UPDATE could compare with.
  operation.act = choice == 2 || operation.expected == 0 ? Act::write : Act::compare_and_set;
  if (operation.act == Act::write) operation.expected = 0;
  return operation;
}

Operation Workload::choose_on_list(Client& client) {
  Operation operation{.client = client.number, .act = Act::read_list, .key = appended_ / list_length};
  if (client.roll(3) == 0) {
    // The list before, too: it must stay as it was.
    if (operation.key > 0 && client.roll(4) == 0) --operation.key;
    return operation;
  }
  operation.act = Act::append;
  operation.value = next_value_++;
  ++appended_;
  return operation;
}

awaitable<bool> Workload::connect(Client& client) {
  if (client.connection) co_return true;
  auto connecting = Connection::connect(options_.write_to[client.address], options_.login);
  auto connected = co_await async::with_timeout(options_.deadline, std::move(connecting));
  if (connected)
    client.connection = std::move(*connected);
  else
    client.address = (client.address + 1) % options_.write_to.size();
  co_return connected.has_value();
}

awaitable<void> Workload::perform(Client& client, Operation operation) {
  const auto place = history_.invoke(operation, BootClock::now());
  auto asking = client.connection->query(statement(operation));
  auto rows = co_await async::with_timeout(options_.deadline, std::move(asking));
  if (rows) {
    auto& known = history_.at(place);
    learn(known, *rows);
    history_.complete(place, Outcome::done, BootClock::now());
    const bool has_value = known.act != Act::compare_and_set || known.has_swapped;
    client.last_found[known.key] = has_value ? known.value : 0;
    co_return;
  }
  const auto outcome = outcome_of(client.connection->verdict(rows.error()), operation.act);
  if (outcome == Outcome::failed) history_.complete(place, outcome, BootClock::now());
  client.connection.reset();
  client.address = (client.address + 1) % options_.write_to.size();
}

awaitable<void> Workload::run_client(int number, bool is_on_list) {
  Client client{.number = number, .dice = std::mt19937_64{static_cast<std::uint64_t>(number)}};
  client.address = static_cast<std::size_t>(number) % options_.write_to.size();
  for (;;) {
    const bool is_connected = co_await connect(client);
    if (is_connected) {
      auto operation = is_on_list ? choose_on_list(client) : choose_on_register(client);
      co_await perform(client, std::move(operation));
    }
    const auto pause = client.connection ? options_.pace : options_.retry_pause;
    co_await async::sleep_for(pause);
  }
}

awaitable<Result<void>> Workload::read_all(bool are_lists, nanoseconds limit) {
  std::map<std::int64_t, std::size_t> places;
  const auto asked = BootClock::now();
  for (const auto& strand : split_by_key(history_.operations())) {
    if (strand.is_list != are_lists) continue;
    Operation look{.client = final_reader, .act = are_lists ? Act::read_list : Act::read, .key = strand.key};
    places[strand.key] = history_.invoke(std::move(look), asked);
  }
  std::string sql = "SELECT value, key FROM " + registers();
  if (are_lists) sql = "SELECT array_to_string(items, ','), key FROM " + lists();
  auto rows = co_await ask_any(options_.write_to, options_.login, std::move(sql), limit);
  if (!rows) co_return tl::unexpected(rows.error());
  for (const auto& row : *rows) {
    const auto place = places.find(number_of(row[1]));
    if (place != places.end()) learn(history_.at(place->second), {row});
  }
  const auto heard = BootClock::now();
  for (const auto& [key, place] : places) history_.complete(place, Outcome::done, heard);
  co_return Result<void>{};
}

awaitable<Result<Judgement>> Workload::judge(nanoseconds limit) {
  for (const bool are_lists : {false, true}) {
    auto read = co_await read_all(are_lists, limit);
    if (!read) co_return fail("the final look at registers and lists", read.error());
  }
  co_return drill::judge(history_.operations());
}

}  // namespace holdfast::drill
