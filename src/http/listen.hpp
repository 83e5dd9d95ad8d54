#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "async/asio.hpp"
#include "http/url.hpp"

namespace holdfast::http {

// Opens and listens at once. "*" becomes one dual-stack socket, or IPv4 where IPv6 is off. Host names are
// looked up here and now: for start-up and reload. Errors as Server::start tells them.
Result<asio::ip::tcp::acceptor> listen_on(const asio::any_io_executor& executor, const Endpoint& endpoint);

}  // namespace holdfast::http
