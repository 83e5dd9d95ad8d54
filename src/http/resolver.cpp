#include "http/resolver.hpp"

#include <boost/asio/ip/address.hpp>

namespace holdfast::http {
namespace {

using asio::ip::tcp;
constexpr auto address_lifetime = 15s;

}  // namespace

struct Resolver::Lookup : std::enable_shared_from_this<Lookup> {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver{executor}, done{executor, BootInstant::max()} {}

  tcp::resolver resolver;
  BootTimer done;  // cancelled when an answer comes
  std::vector<tcp::endpoint> addresses;
  boost::system::error_code error;
  BootInstant asked{};
  bool is_running = false;

  void start(const Endpoint& endpoint) {
    is_running = true;
    asked = BootClock::now();
    // A callback, not a coroutine: getaddrinfo can't be cancelled, and nobody must have to wait for it.
    resolver.async_resolve(
        endpoint.host, std::to_string(endpoint.port),
        [self = shared_from_this()](const boost::system::error_code& code,
                                    const tcp::resolver::results_type& found) { self->finish(code, found); });
  }

  void finish(const boost::system::error_code& code, const tcp::resolver::results_type& found) {
    is_running = false;
    error = code;
    if (!code) addresses.clear();
    for (const auto& entry : found) addresses.push_back(entry.endpoint());
    done.cancel();
  }
};

awaitable<Result<std::vector<tcp::endpoint>>> Resolver::resolve(Endpoint endpoint) {
  boost::system::error_code not_literal;
  const auto address = asio::ip::make_address(endpoint.host, not_literal);
  if (!not_literal) {
    std::vector<tcp::endpoint> one{tcp::endpoint{address, endpoint.port}};
    co_return one;
  }
  auto& known = lookups_[endpoint];
  if (!known) known = std::make_shared<Lookup>(executor_);
  const auto lookup = known;
  const bool is_old = lookup->addresses.empty() || BootClock::now() - lookup->asked > address_lifetime;
  if (is_old && !lookup->is_running) lookup->start(endpoint);
  while (lookup->addresses.empty() && lookup->is_running) {
    co_await lookup->done.async_wait(as_result);
  }
  if (lookup->addresses.empty()) {
    co_return fail(Errc::unavailable, "resolving " + endpoint.host + ": " + lookup->error.message());
  }
  co_return lookup->addresses;
}

}  // namespace holdfast::http
