#pragma once

#include <functional>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "postgres/options.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {

// A role to make at the first start (`bootstrap.users`, pg_hba and options as Patroni has them).
struct BootstrapUser {
  std::string name;
  Secret password;
  std::vector<std::string> options;  // CREATEDB, LOGIN, …
};

struct BootstrapOptions {
  std::vector<BootstrapUser> users;
  std::string post_bootstrap;  // a command; gets a libpq URL as argument and PGPASSFILE in its environment
  std::function<void(std::string_view line)> on_line;  // progress for people
  milliseconds limit = std::chrono::minutes{30};
};

struct Bootstrapped {
  std::string system_identifier;
};

// initdb, then a start without TCP on a private socket to make the users and run post_bootstrap, then a clean
// stop. The directory is afterwards valid, shut down and never had a client. On failure it is set aside as
// *.failed-bootstrap-… and the error says why and where. Refuses any directory that is not empty (EC-111).
awaitable<Result<Bootstrapped>> bootstrap(Options options, BootstrapOptions how);

}  // namespace holdfast::postgres
