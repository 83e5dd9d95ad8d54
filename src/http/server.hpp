#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "async/asio.hpp"
#include "http/message.hpp"
#include "http/stream.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"

namespace holdfast::http {

struct ServerOptions {
  std::vector<Endpoint> listen;  // "*": all addresses, IPv6 and IPv4; port 0: any free one (tests)
  std::optional<TlsServerOptions> tls;
  std::string server_name;  // the Server header; empty: none
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t connections_max = 1000;  // one more is answered 503 and closed
  milliseconds request_timeout =
      10s;                          // TLS handshake, and from a request's first byte to its last (slow-loris)
  milliseconds idle_timeout = 60s;  // keep-alive without a request
  milliseconds write_timeout = 10s;    // for the whole answer
  milliseconds handler_timeout = 60s;  // past it the client gets 503
};

struct ServerHandlers {
  // Gets every well-formed request, HEAD and OPTIONS too: a HEAD answer's body is counted, not sent. A
  // handler that throws is logged and answered 500.
  std::function<awaitable<Response>(Request)> handle;
  // true: answer 101 to "Connection: Upgrade" and hand the stream to on_upgrade, which runs until it ends it.
  std::function<bool(const Request&)> wants_upgrade;
  std::function<awaitable<void>(Request, std::unique_ptr<Stream>)> on_upgrade;
};

// An HTTP/1.1 server on one executor. Broken input costs its sender the connection (400, 408, 413, 431),
// nobody else.
class Server {
 public:
  // Listens from here on. Errc::refused: the port is in use (the error says by which process when it can be
  // known, and how to find it); Errc::invalid_argument: an address that is not ours, or bad certificates.
  static Result<std::unique_ptr<Server>> start(const asio::any_io_executor& executor, ServerOptions options,
                                               ServerHandlers handlers);
  ~Server();

  std::vector<Endpoint> endpoints() const;  // where it listens, with real ports
  Result<void>
  reload_certificates();  // new connections get the files' new content; on error the old stays (EC-86)
  std::size_t connections() const;
  awaitable<void>
  stop();  // call before destroying: stops listening, ends every connection and upgraded stream

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::http
