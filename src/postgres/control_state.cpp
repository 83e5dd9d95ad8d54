#include "postgres/control_state.hpp"

#include <algorithm>
#include <csignal>

namespace holdfast::postgres {
namespace {

constexpr std::size_t idle_max = 2;

}  // namespace

awaitable<Result<void>> Control::State::learn_version() {
  if (version.number != 0) co_return Result<void>{};
  auto found = co_await program_version(options);
  if (!found) co_return tl::unexpected(found.error());
  auto supported = check_supported(*found);
  if (supported) version = *found;
  co_return supported;
}

awaitable<Result<void>> Control::State::learn_refused() {
  if (checked_parameters == options.parameters) co_return Result<void>{};
  auto found = co_await refused_parameters(options, version);
  if (!found) co_return tl::unexpected(found.error());
  refused = std::move(*found);
  checked_parameters = options.parameters;
  co_return Result<void>{};
}

Options Control::State::accepted_options() const {
  Options accepted = options;
  for (const auto& name : refused) accepted.parameters.erase(name);
  return accepted;
}

Desired& Control::State::wish() {
  if (!desired) desired = read_desired(options);
  return *desired;
}

Result<Written> Control::State::write_files() {
  auto written = write_config_files(accepted_options(), version, {}, wish());
  if (written) written->dropped.insert(written->dropped.end(), refused.begin(), refused.end());
  return written;
}

Result<Postmaster> Control::State::running() {
  if (postmaster && postmaster->is_alive()) return *postmaster;
  postmaster.reset();
  auto found = find_postmaster(executor, options);
  if (found) postmaster = *found;
  return found;
}

Result<bool> Control::State::signal_reload() {
  auto server = running();
  if (!server) return false;
  auto sent = server->signal(SIGHUP);
  if (!sent) return tl::unexpected(sent.error());
  return true;
}

awaitable<Result<Connection>> Control::State::take_connection(nanoseconds limit) {
  while (!idle.empty()) {
    Connection connection = std::move(idle.back());
    idle.pop_back();
    if (connection.is_usable()) co_return connection;
  }
  co_return co_await Connection::connect(local_connection(options),
                                         std::min<nanoseconds>(limit, options.connect_timeout));
}

void Control::State::give_back(Connection connection) {
  if (connection.is_usable() && idle.size() < idle_max) idle.push_back(std::move(connection));
}

awaitable<Result<Rows>> Control::State::ask(std::string sql, std::vector<Field> parameters,
                                            nanoseconds limit) {
  const auto deadline = BootClock::now() + limit;
  for (;;) {
    const bool was_pooled = !idle.empty();
    auto connection = co_await take_connection(limit);
    if (!connection) co_return tl::unexpected(connection.error());
    auto answer =
        co_await connection->query(sql, parameters, std::max<nanoseconds>(deadline - BootClock::now(), 1ms));
    const bool was_lost = !connection->is_usable();
    give_back(std::move(*connection));
    // A pooled connection may be one to a server that was restarted meanwhile; a new one tells the truth.
    const bool may_retry = !answer && was_pooled && was_lost && answer.error().code == Errc::unavailable;
    if (!may_retry || BootClock::now() > deadline) co_return answer;
    idle.clear();
  }
}

}  // namespace holdfast::postgres
