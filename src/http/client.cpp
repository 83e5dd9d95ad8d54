#include "http/client.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <map>

#include "async/with_timeout.hpp"
#include "http/connection.hpp"
#include "http/parser.hpp"
#include "http/resolver.hpp"

namespace holdfast::http {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr auto certificate_lifetime = 60s;  // read again after it, so that rotated files are used (EC-86)

awaitable<Result<std::size_t>> read_into(Stream* stream, std::string* input) {
  std::string chunk(chunk_bytes, '\0');
  const auto size = co_await stream->read_some(asio::buffer(chunk));
  if (!size) co_return tl::unexpected(size.error());
  input->append(chunk, 0, *size);
  co_return *size;
}

// Reads until the header is there, or the whole message when `whole`. Informational answers (100) are skipped
// by the caller never asking for them: we send no Expect.
awaitable<Result<void>> read_response(Stream* stream, ResponseParser* parser, std::string* input,
                                      bool whole) {
  for (;;) {
    const auto complete = parser->feed(*input);
    if (!complete) co_return tl::unexpected(complete.error());
    if (*complete || (!whole && parser->has_header())) co_return Result<void>{};
    const auto size = co_await read_into(stream, input);
    if (!size) co_return tl::unexpected(size.error());
    if (*size == 0) co_return parser->end();
  }
}

class StreamedBody : public BodyReader {
 public:
  StreamedBody(std::unique_ptr<Stream> stream, std::unique_ptr<ResponseParser> parser, std::string input)
      : stream_{std::move(stream)}, parser_{std::move(parser)}, input_{std::move(input)} {}

  awaitable<Result<std::string>> read() override {
    for (;;) {
      const auto complete = parser_->feed(input_);
      if (!complete) co_return tl::unexpected(complete.error());
      auto piece = parser_->take_body();
      if (!piece.empty() || *complete) co_return piece;
      const auto size = co_await read_into(stream_.get(), &input_);
      if (!size) co_return tl::unexpected(size.error());
      if (*size > 0) continue;
      const auto ended = parser_->end();
      if (!ended) co_return tl::unexpected(ended.error());
    }
  }

 private:
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<ResponseParser> parser_;
  std::string input_;
};

}  // namespace

struct Client::State {
  State(const asio::any_io_executor& executor, ClientOptions given)
      : options{std::move(given)}, resolver{executor} {}

  struct Idle {
    std::unique_ptr<Connection> connection;
    BootInstant since;
  };

  ClientOptions options;
  Resolver resolver;
  std::map<std::pair<bool, Endpoint>, std::vector<Idle>> idle;
  TlsContext tls;
  BootInstant tls_loaded{};

  Result<TlsContext> tls_for(const Url& url) {
    if (!url.tls) return TlsContext{};
    if (tls && BootClock::now() - tls_loaded < certificate_lifetime) return tls;
    auto loaded = make_client_context(options.tls);
    if (!loaded && !tls) return loaded;  // a half-written renewal must not break what works
    if (loaded) tls = *std::move(loaded);
    tls_loaded = BootClock::now();
    return tls;
  }

  std::unique_ptr<Connection> take_idle(const Url& url) {
    auto& kept = idle[{url.tls, url.endpoint}];
    while (!kept.empty()) {
      auto newest = std::move(kept.back());
      kept.pop_back();
      const bool is_fresh = BootClock::now() - newest.since < options.idle_timeout;
      if (is_fresh && newest.connection->is_reusable()) return std::move(newest.connection);
    }
    return nullptr;
  }

  void keep(const Url& url, std::unique_ptr<Connection> connection) {
    auto& kept = idle[{url.tls, url.endpoint}];
    if (kept.size() < options.idle_connections_max) kept.push_back({std::move(connection), BootClock::now()});
  }

  void complete(const Url& url, Request& request) const {
    request.target = url.target;
    if (!options.username.empty() && !request.headers.find("Authorization")) {
      request.headers.set("Authorization", basic_authorization(options.username, options.password));
    }
  }
};

namespace {

template <class S>
awaitable<Result<std::unique_ptr<Connection>>> connect(std::shared_ptr<S> state, Url url) {
  const auto tls = state->tls_for(url);
  if (!tls) co_return tl::unexpected(tls.error());
  auto opening = open_connection(&state->resolver, url.endpoint, *tls);
  auto connection = co_await async::with_timeout(state->options.connect_timeout, std::move(opening));
  if (connection || connection.error().code != Errc::timed_out) co_return connection;
  // Nothing was sent, so the outcome is known: unlike other timeouts this one is safe to try elsewhere.
  const std::string doing = "connecting to " + print_endpoint(url.endpoint);
  co_return fail(Errc::unavailable, doing + ": " + connection.error().context);
}

template <class S>
awaitable<Result<std::unique_ptr<Connection>>> reuse_or_connect(std::shared_ptr<S> state, Url url) {
  auto kept = state->take_idle(url);
  if (kept) co_return std::move(kept);
  co_return co_await connect(std::move(state), std::move(url));
}

template <class S>
awaitable<Result<Response>> exchange(std::shared_ptr<S> state, Url url, Request request) {
  auto connection = co_await reuse_or_connect(state, url);
  if (!connection) co_return tl::unexpected(connection.error());
  const bool is_head = request.method == "HEAD";
  state->complete(url, request);
  auto bytes = print_request(request, print_endpoint(url.endpoint), true);
  const auto sent = co_await (*connection)->write(std::move(bytes));
  if (!sent) co_return tl::unexpected(sent.error());
  ParserLimits limits{64 * 1024, state->options.body_bytes_max};
  ResponseParser parser{limits, is_head};
  std::string input;
  const auto read = co_await read_response(connection->get(), &parser, &input, true);
  if (!read) co_return tl::unexpected(read.error());
  Response response = parser.head();
  response.body = parser.take_body();
  if (parser.keep_alive() && parser.is_complete() && input.empty()) state->keep(url, *std::move(connection));
  co_return response;
}

template <class S>
awaitable<Result<StreamedResponse>> open_streamed(std::shared_ptr<S> state, Url url, Request request) {
  auto connection = co_await connect(state, url);
  if (!connection) co_return tl::unexpected(connection.error());
  state->complete(url, request);
  auto bytes = print_request(request, print_endpoint(url.endpoint), false);
  const auto sent = co_await (*connection)->write(std::move(bytes));
  if (!sent) co_return tl::unexpected(sent.error());
  ParserLimits limits{64 * 1024, 0};
  auto parser = std::make_unique<ResponseParser>(limits, false);
  std::string input;
  const auto read = co_await read_response(connection->get(), parser.get(), &input, false);
  if (!read) co_return tl::unexpected(read.error());
  StreamedResponse opened;
  opened.head = parser->head();
  if (opened.head.status != 200) {
    const auto rest = co_await read_response(connection->get(), parser.get(), &input, true);
    if (!rest) co_return tl::unexpected(rest.error());
    opened.head.body = parser->take_body();
    co_return std::move(opened);
  }
  opened.body = std::make_unique<StreamedBody>(*std::move(connection), std::move(parser), std::move(input));
  co_return std::move(opened);
}

template <class S>
awaitable<Result<std::unique_ptr<Stream>>> switch_protocol(std::shared_ptr<S> state, Url url,
                                                           std::string protocol) {
  auto connection = co_await connect(state, url);
  if (!connection) co_return tl::unexpected(connection.error());
  Request request;
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Upgrade", std::move(protocol));
  state->complete(url, request);
  auto bytes = print_request(request, print_endpoint(url.endpoint), true);
  const auto sent = co_await (*connection)->write(std::move(bytes));
  if (!sent) co_return tl::unexpected(sent.error());
  ParserLimits limits{16 * 1024, 64 * 1024};
  ResponseParser parser{limits, false};
  std::string input;
  const auto read = co_await read_response(connection->get(), &parser, &input, false);
  if (!read) co_return tl::unexpected(read.error());
  const int status = parser.head().status;
  if (status != 101) {
    co_return fail(Errc::refused,
                   print_url(url) + " does not speak this protocol: status " + std::to_string(status));
  }
  co_return with_leftover(std::move(input), *std::move(connection));
}

template <class T>
Result<T> named(const Url& url, Result<T> result) {
  if (result) return result;
  return fail(print_url(url), result.error());
}

}  // namespace

Client::Client(const asio::any_io_executor& executor, ClientOptions options)
    : state_{std::make_shared<State>(executor, std::move(options))} {}
Client::~Client() = default;

awaitable<Result<Response>> Client::request(Url url, Request request, milliseconds timeout) {
  auto working = exchange(state_, url, std::move(request));
  auto result = co_await async::with_timeout(timeout, std::move(working));
  co_return named(url, std::move(result));
}

awaitable<Result<StreamedResponse>> Client::open(Url url, Request request, milliseconds timeout) {
  auto working = open_streamed(state_, url, std::move(request));
  auto result = co_await async::with_timeout(timeout, std::move(working));
  co_return named(url, std::move(result));
}

awaitable<Result<std::unique_ptr<Stream>>> Client::upgrade(Url url, std::string protocol,
                                                           milliseconds timeout) {
  auto working = switch_protocol(state_, url, std::move(protocol));
  auto result = co_await async::with_timeout(timeout, std::move(working));
  co_return named(url, std::move(result));
}

void Client::drop_idle() {
  state_->idle.clear();
  state_->tls.reset();
}

Request get_request() {
  return Request{};
}

Request post_request(std::string body, std::string content_type) {
  Request request;
  request.method = "POST";
  request.headers.set("Content-Type", std::move(content_type));
  request.body = std::move(body);
  return request;
}

}  // namespace holdfast::http
