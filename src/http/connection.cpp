#include "http/connection.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace holdfast::http {
namespace {

namespace ssl = asio::ssl;
using asio::ip::tcp;

std::string address_of(const tcp::socket& socket) {
  boost::system::error_code code;
  const auto remote = socket.remote_endpoint(code);
  if (code) return {};
  const auto address = remote.address();
  // An IPv4 client of a dual-stack listener is still an IPv4 client.
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

enum class Idle { quiet, has_bytes, closed };

Idle look_at(int fd) {
  char byte = 0;
  const auto got = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return Idle::has_bytes;
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Idle::quiet : Idle::closed;
}

class PlainConnection : public Connection {
 public:
  explicit PlainConnection(tcp::socket socket) : socket_{std::move(socket)}, peer_{address_of(socket_)} {}

  awaitable<Result<std::size_t>> read_some(asio::mutable_buffer into) override {
    auto [code, size] = co_await socket_.async_read_some(into, as_result);
    if (code == asio::error::eof) co_return std::size_t{0};
    if (code) co_return async::fail_with("reading from " + peer_, code);
    co_return size;
  }
  awaitable<Result<void>> write(std::string bytes) override {
    auto [code, size] = co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
    if (code) co_return async::fail_with("writing to " + peer_, code);
    co_return Result<void>{};
  }
  void close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  std::string peer() const override { return peer_; }
  bool peer_verified() const override { return false; }
  bool is_reusable() const override {
    return socket_.is_open() && look_at(const_cast<tcp::socket&>(socket_).native_handle()) == Idle::quiet;
  }

 private:
  tcp::socket socket_;
  std::string peer_;
};

class TlsConnection : public Connection {
 public:
  TlsConnection(tcp::socket socket, TlsContext context)
      : context_{std::move(context)},
        stream_{std::move(socket), *context_},
        peer_{address_of(stream_.next_layer())} {}

  awaitable<Result<void>> accept() {
    auto [code] = co_await stream_.async_handshake(ssl::stream_base::server, as_result);
    if (code) co_return async::fail_with("TLS handshake with " + peer_, code);
    co_return Result<void>{};
  }
  awaitable<Result<void>> connect(std::string host) {
    boost::system::error_code not_literal;
    asio::ip::make_address(host, not_literal);
    if (not_literal) SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
    if (SSL_CTX_get_verify_mode(context_->native_handle()) != SSL_VERIFY_NONE) {
      stream_.set_verify_callback(ssl::host_name_verification{host});
    }
    auto [code] = co_await stream_.async_handshake(ssl::stream_base::client, as_result);
    if (!code) co_return Result<void>{};
    const long verdict = SSL_get_verify_result(stream_.native_handle());
    if (verdict != X509_V_OK) {
      co_return fail(Errc::refused, "TLS: the certificate of " + host +
                                        " is not accepted: " + X509_verify_cert_error_string(verdict));
    }
    if (code.category() == asio::error::get_ssl_category()) {
      co_return fail(Errc::refused, "TLS handshake with " + host + ": " + code.message());
    }
    co_return async::fail_with("TLS handshake with " + host, code);
  }

  awaitable<Result<std::size_t>> read_some(asio::mutable_buffer into) override {
    auto [code, size] = co_await stream_.async_read_some(into, as_result);
    // Peers that close without close_notify are common; HTTP knows by its lengths whether something is
    // missing.
    if (code == asio::error::eof || code == ssl::error::stream_truncated) co_return std::size_t{0};
    if (code.category() == asio::error::get_ssl_category()) {
      co_return fail(Errc::refused, "TLS with " + peer_ + ": " + code.message());
    }
    if (code) co_return async::fail_with("reading from " + peer_, code);
    co_return size;
  }
  awaitable<Result<void>> write(std::string bytes) override {
    auto [code, size] = co_await asio::async_write(stream_, asio::buffer(bytes), as_result);
    if (code) co_return async::fail_with("writing to " + peer_, code);
    co_return Result<void>{};
  }
  void close() override {
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
  }
  std::string peer() const override { return peer_; }
  bool peer_verified() const override {
    auto* native = const_cast<TlsConnection*>(this)->stream_.native_handle();
    const bool has_certificate = SSL_get0_peer_certificate(native) != nullptr;
    return has_certificate && SSL_get_verify_result(native) == X509_V_OK;
  }
  bool is_reusable() const override {
    // Session tickets may be waiting to be read, so bytes alone say nothing.
    auto& socket = const_cast<TlsConnection*>(this)->stream_.next_layer();
    return socket.is_open() && look_at(socket.native_handle()) != Idle::closed;
  }

 private:
  TlsContext context_;
  ssl::stream<tcp::socket> stream_;
  std::string peer_;
};

class LeftoverStream : public Stream {
 public:
  LeftoverStream(std::string first, std::unique_ptr<Stream> rest)
      : first_{std::move(first)}, rest_{std::move(rest)} {}

  awaitable<Result<std::size_t>> read_some(asio::mutable_buffer into) override {
    if (first_.empty()) co_return co_await rest_->read_some(into);
    const auto size = asio::buffer_copy(into, asio::buffer(first_));
    first_.erase(0, size);
    co_return size;
  }
  awaitable<Result<void>> write(std::string bytes) override { return rest_->write(std::move(bytes)); }
  void close() override { rest_->close(); }
  std::string peer() const override { return rest_->peer(); }
  bool peer_verified() const override { return rest_->peer_verified(); }

 private:
  std::string first_;
  std::unique_ptr<Stream> rest_;
};

void send_without_delay(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay{true}, ignored);
}

awaitable<Result<tcp::socket>> connect_to_any(std::vector<tcp::endpoint> addresses, std::string shown) {
  boost::system::error_code last = asio::error::host_not_found;
  for (const auto& address : addresses) {
    tcp::socket socket{co_await asio::this_coro::executor};
    auto [code] = co_await socket.async_connect(address, as_result);
    if (!code) {
      send_without_delay(socket);
      co_return std::move(socket);
    }
    last = code;
  }
  co_return async::fail_with("connecting to " + shown, last);
}

}  // namespace

awaitable<Result<std::unique_ptr<Connection>>> accept_connection(tcp::socket socket, TlsContext tls) {
  send_without_delay(socket);
  if (!tls) co_return std::make_unique<PlainConnection>(std::move(socket));
  auto connection = std::make_unique<TlsConnection>(std::move(socket), std::move(tls));
  const auto shaken = co_await connection->accept();
  if (!shaken) co_return tl::unexpected(shaken.error());
  co_return std::move(connection);
}

awaitable<Result<std::unique_ptr<Connection>>> open_connection(Resolver* resolver, Endpoint endpoint,
                                                               TlsContext tls) {
  auto addresses = co_await resolver->resolve(endpoint);
  if (!addresses) co_return tl::unexpected(addresses.error());
  auto socket = co_await connect_to_any(*std::move(addresses), print_endpoint(endpoint));
  if (!socket) co_return tl::unexpected(socket.error());
  if (!tls) co_return std::make_unique<PlainConnection>(*std::move(socket));
  auto connection = std::make_unique<TlsConnection>(*std::move(socket), std::move(tls));
  const auto shaken = co_await connection->connect(endpoint.host);
  if (!shaken) co_return tl::unexpected(shaken.error());
  co_return std::move(connection);
}

std::unique_ptr<Stream> with_leftover(std::string first, std::unique_ptr<Stream> rest) {
  if (first.empty()) return rest;
  return std::make_unique<LeftoverStream>(std::move(first), std::move(rest));
}

}  // namespace holdfast::http
