#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "async/asio.hpp"
#include "http/server.hpp"

namespace holdfast::http {

// What connections share with their server.
struct Service {
  ServerOptions options;
  ServerHandlers handlers;
  TlsContext tls;  // for new connections; null: plain
  std::size_t connections = 0;
};

// One connection from accept to close: requests in turn, or one upgrade.
awaitable<void> serve(std::shared_ptr<Service> service, asio::ip::tcp::socket socket);
// Too many connections: says so and closes. Plain even where TLS is on: a handshake is what we have no room
// for.
awaitable<void> turn_away(std::shared_ptr<Service> service, asio::ip::tcp::socket socket);

}  // namespace holdfast::http
