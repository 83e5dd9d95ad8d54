#include "http/listen.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include "http/port_owner.hpp"

namespace holdfast::http {
namespace {

using asio::ip::tcp;

tl::unexpected<Error> fail_listening(const Endpoint& endpoint, const boost::system::error_code& code) {
  const std::string doing = "listening on " + print_endpoint(endpoint);
  if (code == asio::error::address_in_use) {
    return fail(Errc::refused, doing + ": the port is already in use by " + describe_port_owner(endpoint));
  }
  if (code.value() == EADDRNOTAVAIL) {
    return fail(Errc::invalid_argument,
                doing + ": no interface of this host has that address (see: ip address)");
  }
  if (code == asio::error::access_denied) {
    return fail(Errc::permission_denied, doing + ": ports below 1024 need root or CAP_NET_BIND_SERVICE");
  }
  return async::fail_with(doing, code);
}

boost::system::error_code open_at(tcp::acceptor& acceptor, const tcp::endpoint& where, bool is_dual_stack) {
  boost::system::error_code code;
  acceptor.open(where.protocol(), code);
  if (!code) acceptor.set_option(tcp::acceptor::reuse_address{true}, code);
  if (!code && where.address().is_v6()) acceptor.set_option(asio::ip::v6_only{!is_dual_stack}, code);
  if (!code) acceptor.bind(where, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  return code;
}

Result<tcp::endpoint> find_address(const asio::any_io_executor& executor, const Endpoint& endpoint) {
  boost::system::error_code code;
  const auto literal = asio::ip::make_address(endpoint.host, code);
  if (!code) return tcp::endpoint{literal, endpoint.port};
  tcp::resolver resolver{executor};
  const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), code);
  if (code || found.empty()) {
    return fail(Errc::invalid_argument, "listening on " + print_endpoint(endpoint) + ": " + code.message());
  }
  return found.begin()->endpoint();
}

}  // namespace

Result<tcp::acceptor> listen_on(const asio::any_io_executor& executor, const Endpoint& endpoint) {
  tcp::acceptor acceptor{executor};
  if (endpoint.host == "*") {
    auto code = open_at(acceptor, tcp::endpoint{tcp::v6(), endpoint.port}, true);
    if (code == asio::error::address_family_not_supported || code.value() == EADDRNOTAVAIL) {
      acceptor = tcp::acceptor{executor};
      code = open_at(acceptor, tcp::endpoint{tcp::v4(), endpoint.port}, false);
    }
    if (code) return fail_listening(endpoint, code);
    return acceptor;
  }
  const auto where = find_address(executor, endpoint);
  if (!where) return tl::unexpected(where.error());
  const auto code = open_at(acceptor, *where, false);
  if (code) return fail_listening(endpoint, code);
  return acceptor;
}

}  // namespace holdfast::http
