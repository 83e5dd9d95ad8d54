#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>

#include "async/asio.hpp"

namespace holdfast::proxy {

using Tcp = asio::ip::tcp;

enum class RelayMode {
  copy,      // through a buffer of ours
  splice,    // through a pipe, always
  adaptive,  // a buffer, until a flow fills it again and again; then a pipe, until the flow is dry
};

// How one direction ended.
enum class FlowEnd { open, finished, read_failed, write_failed };

// Bytes that went through, and how each direction ended; readable while the relay runs, on its executor.
struct RelayState {
  std::int64_t bytes_in = 0;   // client to server
  std::int64_t bytes_out = 0;  // server to client
  FlowEnd in = FlowEnd::open;
  FlowEnd out = FlowEnd::open;
};

// Passes bytes both ways until both sides have ended, passing an orderly end of one side on to the other
// (half-close); a failure of either ends both at once. The sockets and `state` must outlive it and be
// non-blocking; closing both sockets ends it. Which mechanism is used is nobody else's business:
// docs/decisions says why (tests/bench/proxy_relay).
awaitable<void> relay(Tcp::socket* client, Tcp::socket* server, RelayState* state,
                      RelayMode mode = RelayMode::adaptive);

}  // namespace holdfast::proxy
