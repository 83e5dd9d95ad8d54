#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <vector>

#include "async/asio.hpp"
#include "http/url.hpp"

namespace holdfast::http {

// Names to addresses, off the loop and remembered: a slow or dead name server costs the first caller only,
// later ones get the last known addresses while a new lookup runs (EC-13). Literal addresses never ask
// anybody.
class Resolver {
 public:
  explicit Resolver(const asio::any_io_executor& executor) : executor_{executor} {}

  // No deadline of its own; cancelling the wait leaves the lookup running for the next caller.
  awaitable<Result<std::vector<asio::ip::tcp::endpoint>>> resolve(Endpoint endpoint);

 private:
  struct Lookup;
  asio::any_io_executor executor_;
  std::map<Endpoint, std::shared_ptr<Lookup>> lookups_;
};

}  // namespace holdfast::http
