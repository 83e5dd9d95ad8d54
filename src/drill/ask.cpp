#include "drill/ask.hpp"

#include <algorithm>

#include "async/with_timeout.hpp"

namespace holdfast::drill {
namespace {

constexpr milliseconds pause = 200ms;

awaitable<Result<std::vector<Row>>> ask_once(Address address, Login login, std::string sql) {
  auto connection = co_await Connection::connect(std::move(address), std::move(login));
  if (!connection) co_return tl::unexpected(connection.error());
  auto rows = co_await connection->query(std::move(sql));
  co_return rows;
}

}  // namespace

awaitable<Result<std::vector<Row>>> ask_any(std::vector<Address> addresses, Login login, std::string sql,
                                            nanoseconds limit) {
  const auto deadline = BootClock::now() + limit;
  for (std::size_t turn = 0;; ++turn) {
    const nanoseconds left = std::max<nanoseconds>(deadline - BootClock::now(), 100ms);
    auto asking = ask_once(addresses[turn % addresses.size()], login, sql);
    auto rows = co_await async::with_timeout(left, std::move(asking));
    if (rows || BootClock::now() >= deadline) co_return rows;
    co_await async::sleep_for(pause);
  }
}

}  // namespace holdfast::drill
