#include "http/serve.hpp"

#include <boost/system/system_error.hpp>

#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "http/connection.hpp"
#include "http/parser.hpp"

namespace holdfast::http {
namespace {

constexpr std::size_t chunk_bytes = 16 * 1024;

struct Received {
  Request request;
  bool keep_alive = false;
};

Response plain(int status, std::string text) {
  return Response{
      .status = status, .headers = {}, .body = std::move(text) + "\n", .content_type = "text/plain"};
}

Response answer_to_broken(const Error& error, bool has_header) {
  if (error.code == Errc::too_large) return plain(has_header ? 413 : 431, error.context);
  if (error.code == Errc::timed_out) return plain(408, "the request did not arrive in time");
  return plain(400, error.context);
}

awaitable<Result<bool>> read_more(Stream* stream, std::string* input, nanoseconds limit) {
  std::string chunk(chunk_bytes, '\0');
  auto reading = stream->read_some(asio::buffer(chunk));
  const auto size = co_await async::with_timeout(limit, std::move(reading));
  if (!size) co_return tl::unexpected(size.error());
  input->append(chunk, 0, *size);
  co_return *size > 0;
}

awaitable<Result<void>> send(Stream* stream, std::string bytes, nanoseconds limit) {
  auto writing = stream->write(std::move(bytes));
  co_return co_await async::with_timeout(limit, std::move(writing));
}

// Closing with unread input makes the kernel send a reset, which can overtake our answer: read on for a
// moment first.
awaitable<void> let_it_be_read(Stream* stream) {
  const auto deadline = BootClock::now() + 500ms;
  for (std::size_t rounds = 0; rounds < 64 && BootClock::now() < deadline; ++rounds) {
    std::string ignored;
    const auto got = co_await read_more(stream, &ignored, deadline - BootClock::now());
    if (!got || !*got) co_return;
  }
}

// The next request; nullopt: the client has gone, or there is nothing more to do for it.
class RequestReader {
 public:
  RequestReader(std::shared_ptr<Service> service, Stream* stream)
      : service_{std::move(service)}, stream_{stream} {}

  awaitable<std::optional<Received>> next() {
    const auto& options = service_->options;
    if (input_.empty()) {
      const auto got = co_await read_more(stream_, &input_, options.idle_timeout);
      if (!got || !*got) co_return std::nullopt;
    }
    const auto deadline = BootClock::now() + options.request_timeout;
    RequestParser parser{{options.header_bytes_max, options.body_bytes_max}};
    bool told_continue = false;
    for (;;) {
      const auto complete = parser.feed(input_);
      if (!complete) {
        co_await refuse(complete.error(), parser.has_header());
        co_return std::nullopt;
      }
      if (*complete) break;
      if (parser.expects_continue() && !std::exchange(told_continue, true)) {
        const auto sent = co_await send(stream_, "HTTP/1.1 100 Continue\r\n\r\n", options.write_timeout);
        if (!sent) co_return std::nullopt;
      }
      const auto got = co_await read_more(stream_, &input_, deadline - BootClock::now());
      if (!got && got.error().code == Errc::timed_out) co_await refuse(got.error(), parser.has_header());
      if (!got || !*got) co_return std::nullopt;
    }
    co_return co_await taken(&parser);
  }

  std::string take_leftover() { return std::exchange(input_, {}); }

 private:
  awaitable<std::optional<Received>> taken(RequestParser* parser) {
    const bool keep_alive = parser->keep_alive();
    auto request = parser->take();
    if (!request) {
      co_await refuse(request.error(), false);
      co_return std::nullopt;
    }
    request->peer = stream_->peer();
    request->client_verified = stream_->peer_verified();
    co_return Received{*std::move(request), keep_alive};
  }

  awaitable<void> refuse(Error error, bool has_header) {
    log::debug("http request refused", {{"client", stream_->peer()}, {"error", error}});
    auto bytes = print_response(answer_to_broken(error, has_header), false, true);
    // Whether it arrives makes no difference: the connection ends either way.
    const auto sent = co_await send(stream_, std::move(bytes), service_->options.write_timeout);
    if (sent) co_await let_it_be_read(stream_);
  }

  std::shared_ptr<Service> service_;
  Stream* stream_;
  std::string input_;
};

awaitable<Result<Response>> handle(std::shared_ptr<Service> service, Request request) {
  const std::string what = request.method + " " + request.path;
  try {
    co_return co_await service->handlers.handle(std::move(request));
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) throw;
    log::error("http handler failed", {{"request", what}, {"error", std::string{error.what()}}});
  } catch (const std::exception& error) {
    log::error("http handler failed", {{"request", what}, {"error", std::string{error.what()}}});
  }
  co_return plain(500, "internal error");
}

awaitable<Response> answer(std::shared_ptr<Service> service, Request request) {
  const std::string what = request.method + " " + request.path;
  auto handling = handle(service, std::move(request));
  auto response = co_await async::with_timeout(service->options.handler_timeout, std::move(handling));
  if (response) co_return *std::move(response);
  log::warn("http handler took too long", {{"request", what}, {"limit", service->options.handler_timeout}});
  co_return plain(503, "no answer in time");
}

bool is_upgrade(const Service& service, const Request& request) {
  return request.headers.has_token("Connection", "upgrade") && request.headers.find("Upgrade").has_value() &&
         service.handlers.wants_upgrade && service.handlers.on_upgrade &&
         service.handlers.wants_upgrade(request);
}

awaitable<void> upgrade(std::shared_ptr<Service> service, Request request, std::unique_ptr<Stream> stream) {
  Response switching{.status = 101, .headers = {}, .body = {}, .content_type = {}};
  switching.headers.set("Connection", "Upgrade");
  switching.headers.set("Upgrade", std::string{*request.headers.find("Upgrade")});
  auto bytes = print_response(switching, true, false);
  const auto sent = co_await send(stream.get(), std::move(bytes), service->options.write_timeout);
  if (sent) co_await service->handlers.on_upgrade(std::move(request), std::move(stream));
}

struct Counted {
  std::shared_ptr<Service> service;
  explicit Counted(std::shared_ptr<Service> shared) : service{std::move(shared)} { ++service->connections; }
  ~Counted() { --service->connections; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

}  // namespace

awaitable<void> serve(std::shared_ptr<Service> service, asio::ip::tcp::socket socket) {
  const Counted counted{service};
  auto accepting = accept_connection(std::move(socket), service->tls);
  auto accepted = co_await async::with_timeout(service->options.request_timeout, std::move(accepting));
  if (!accepted) {
    log::debug("http connection refused", {{"error", accepted.error()}});
    co_return;
  }
  std::unique_ptr<Stream> stream = *std::move(accepted);
  RequestReader reader{service, stream.get()};
  for (bool keep_alive = true; keep_alive;) {
    auto received = co_await reader.next();
    if (!received) co_return;
    keep_alive = received->keep_alive;
    if (is_upgrade(*service, received->request)) {
      auto whole = with_leftover(reader.take_leftover(), std::move(stream));
      co_await upgrade(service, std::move(received->request), std::move(whole));
      co_return;
    }
    const bool with_body = received->request.method != "HEAD";
    auto response = co_await answer(service, std::move(received->request));
    if (!service->options.server_name.empty()) response.headers.set("Server", service->options.server_name);
    auto bytes = print_response(response, keep_alive, with_body);
    const auto sent = co_await send(stream.get(), std::move(bytes), service->options.write_timeout);
    if (!sent) co_return;
  }
}

awaitable<void> turn_away(std::shared_ptr<Service> service, asio::ip::tcp::socket socket) {
  auto accepted = co_await accept_connection(std::move(socket), nullptr);
  if (!accepted || service->tls) co_return;
  auto bytes = print_response(plain(503, "too many connections"), false, true);
  const auto sent = co_await send(accepted->get(), std::move(bytes), 1s);
  if (sent) co_await let_it_be_read(accepted->get());
}

}  // namespace holdfast::http
