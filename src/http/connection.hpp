#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "http/resolver.hpp"
#include "http/stream.hpp"
#include "http/tls.hpp"

// The two kinds of Stream over TCP; TLS is compiled in connection.cpp only.
namespace holdfast::http {

class Connection : public Stream {
 public:
  virtual bool is_reusable() const = 0;  // idle: the peer has neither closed it nor sent anything unasked
};

// Takes over an accepted socket; with `tls`, shakes hands first. No deadline of its own.
awaitable<Result<std::unique_ptr<Connection>>> accept_connection(asio::ip::tcp::socket socket,
                                                                 TlsContext tls);

// Resolves, connects (each address in turn) and, with `tls`, shakes hands and checks the name. No deadline of
// its own. Errc::refused: the certificate is not trusted.
awaitable<Result<std::unique_ptr<Connection>>> open_connection(Resolver* resolver, Endpoint endpoint,
                                                               TlsContext tls);

// `first` is read before anything from `rest`.
std::unique_ptr<Stream> with_leftover(std::string first, std::unique_ptr<Stream> rest);

}  // namespace holdfast::http
