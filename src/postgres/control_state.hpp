#pragma once

#include "postgres/control.hpp"
#include "postgres/parameter_check.hpp"

namespace holdfast::postgres {

// What Control remembers. Everything here can be learnt again, so that a restarted agent starts with State{}.
struct Control::State {
  State(asio::any_io_executor loop, Options from)
      : executor{std::move(loop)}, options{resolved(std::move(from))} {}

  asio::any_io_executor executor;
  Options options;
  Version version;
  std::optional<Desired> desired;  // what the files were last written for
  std::optional<Postmaster> postmaster;
  std::vector<Connection> idle;  // kept open: they hold a slot when clients have taken all others
  Lsn probed_flush;
  std::optional<Parameters> checked_parameters;  // those that `refused` is about
  std::set<std::string> refused;

  awaitable<Result<void>> learn_version();
  awaitable<Result<void>> learn_refused();
  Options accepted_options() const;  // without refused parameters
  Desired& wish();                   // `desired`, read back from the files where it is not known
  Result<Written> write_files();
  // Reloads a running server. false: none runs.
  Result<bool> signal_reload();
  Result<Postmaster> running();

  // A pooled connection or a new one; return it by give_back().
  awaitable<Result<Connection>> take_connection(nanoseconds limit);
  void give_back(Connection connection);
  awaitable<Result<Rows>> ask(std::string sql, std::vector<Field> parameters, nanoseconds limit);
};

}  // namespace holdfast::postgres
