#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "async/asio.hpp"
#include "config/values.hpp"

namespace holdfast::proxy {

using Acceptor = asio::ip::tcp::acceptor;

// with_ourselves: the port may overlap with one that this proxy has open and is about to close.
enum class Sharing { with_nobody, with_ourselves };

// One listening address, bound once for each worker (SO_REUSEPORT: the kernel spreads the clients).
// Descriptors are not attached to a loop yet. "*" and "::" take IPv6 and IPv4, or IPv4 where IPv6 is off.
class SharedPort {
 public:
  // Errc::refused: in use, by another program or another proxy; Errc::invalid_argument: not an address of
  // this host; Errc::permission_denied.
  // `is_floating`: it may be on another host now (vip), and come here without a word.
  static Result<SharedPort> bind(const config::HostPort& address, int workers,
                                 Sharing sharing = Sharing::with_nobody, bool is_floating = false);
  SharedPort(SharedPort&&) noexcept = default;
  SharedPort& operator=(SharedPort&&) = delete;
  ~SharedPort();

  std::uint16_t port() const { return endpoint_.port(); }
  Acceptor take(asio::io_context& loop);  // call once a worker

 private:
  SharedPort() = default;
  asio::ip::tcp::endpoint endpoint_;
  std::vector<int> descriptors_;
};

// Raises the limit of open files to what is allowed; returns it.
std::int64_t raise_file_limit();

}  // namespace holdfast::proxy
