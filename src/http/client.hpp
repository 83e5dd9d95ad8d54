#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "async/asio.hpp"
#include "http/message.hpp"
#include "http/stream.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"

namespace holdfast::http {

struct ClientOptions {
  TlsClientOptions tls;  // used for https URLs
  std::string username;  // Basic authentication on every request when set
  Secret password;
  milliseconds connect_timeout = 2s;  // name, TCP and TLS together; never more than the request's own limit
  std::size_t body_bytes_max = 64 * 1024 * 1024;
  std::size_t idle_connections_max = 4;  // kept open per server
  milliseconds idle_timeout = 30s;       // an idle connection older than this is not used again
};

// The body of an answer as it arrives (etcd's watch). Destroying it closes the connection.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The next piece, at least one byte; empty: the body is complete. No deadline of its own.
  virtual awaitable<Result<std::string>> read() = 0;
};

struct StreamedResponse {
  Response head;  // status and headers; the body comes through `body`
  std::unique_ptr<BodyReader> body;
};

// An HTTP/1.1 client on one executor, with connections kept alive and names resolved off the loop. Any status
// is a success; errors are about transport: timed_out (outcome unknown once the request was sent),
// unavailable, bad_message, too_large, refused (the server's certificate), invalid_argument (our own
// certificates).
class Client {
 public:
  explicit Client(const asio::any_io_executor& executor, ClientOptions options = {});
  ~Client();

  // `request.target` is replaced by the URL's. Never sent twice: a request whose answer was lost may have
  // been done. Kept connections are looked at before use, so a server's restart goes unnoticed.
  awaitable<Result<Response>> request(Url url, Request request, milliseconds timeout);
  // Returns when the answer's header is there, within `timeout`; a status other than 200 comes with its whole
  // body.
  awaitable<Result<StreamedResponse>> open(Url url, Request request, milliseconds timeout);
  // "Connection: Upgrade, Upgrade: <protocol>"; Errc::refused when the answer is not 101.
  awaitable<Result<std::unique_ptr<Stream>>> upgrade(Url url, std::string protocol, milliseconds timeout);

  void drop_idle();  // closes kept connections, e.g. after an address or certificate has changed

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Short for the common GET.
Request get_request();
Request post_request(std::string body, std::string content_type = "application/json");

}  // namespace holdfast::http
