#pragma once

#include "async/asio.hpp"
#include "config/config.hpp"
#include "proxy/proxy.hpp"

namespace holdfast::proxy {

// The discovery that the configuration asks for.
std::unique_ptr<Discovery> make_discovery(const asio::any_io_executor& executor,
                                          const config::Config& config);
ProxyOptions options_of(const config::Config& config);

// The role `proxy`: runs until SIGTERM or SIGINT, then drains; a second signal cuts what is left. SIGHUP
// calls `reread` and applies what may change. Returns the exit code: 0, or 1 with the cause logged when it
// could not start.
awaitable<int> run_role(config::Config config, std::function<Result<config::Config>()> reread);

// The same on a loop of its own; blocks.
int run(const config::Config& config, std::function<Result<config::Config>()> reread);

}  // namespace holdfast::proxy
