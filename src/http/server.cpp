#include "http/server.hpp"

#include <boost/asio/ip/tcp.hpp>

#include "async/task_group.hpp"
#include "base/log.hpp"
#include "http/listen.hpp"
#include "http/serve.hpp"

namespace holdfast::http {

using asio::ip::tcp;

struct Server::State {
  explicit State(const asio::any_io_executor& executor) : tasks{executor} {}

  std::shared_ptr<Service> service = std::make_shared<Service>();
  std::vector<tcp::acceptor> acceptors;
  async::TaskGroup tasks;  // last: its tasks use what is above

  awaitable<void> accept_from(std::size_t index) {
    bool was_full = false;
    for (;;) {
      auto [code, socket] = co_await acceptors[index].async_accept(as_result);
      if (code == asio::error::operation_aborted) co_return;
      if (code) {
        // Out of file descriptors or memory: connections wait in the kernel's queue meanwhile.
        log::warn("http server can't accept a connection", {{"error", code.message()}});
        co_await async::sleep_for(100ms);
        continue;
      }
      const bool is_full = service->connections >= service->options.connections_max;
      if (is_full && !was_full) {
        log::warn("http server is at its connection limit", {{"limit", service->options.connections_max}});
      }
      was_full = is_full;
      if (is_full) {
        tasks.spawn("http turn away", turn_away(service, std::move(socket)));
      } else {
        tasks.spawn("http connection", serve(service, std::move(socket)));
      }
    }
  }
};

Server::Server(std::shared_ptr<State> state) : state_{std::move(state)} {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const asio::any_io_executor& executor, ServerOptions options,
                                              ServerHandlers handlers) {
  auto state = std::make_shared<State>(executor);
  if (options.tls) {
    auto context = make_server_context(*options.tls);
    if (!context) return fail("http server", context.error());
    state->service->tls = *std::move(context);
  }
  for (const auto& endpoint : options.listen) {
    auto acceptor = listen_on(executor, endpoint);
    if (!acceptor) return tl::unexpected(acceptor.error());
    state->acceptors.push_back(*std::move(acceptor));
  }
  state->service->options = std::move(options);
  state->service->handlers = std::move(handlers);
  for (std::size_t index = 0; index < state->acceptors.size(); ++index) {
    state->tasks.spawn("http listener", state->accept_from(index));
  }
  return std::unique_ptr<Server>{new Server{std::move(state)}};
}

std::vector<Endpoint> Server::endpoints() const {
  std::vector<Endpoint> result;
  for (const auto& acceptor : state_->acceptors) {
    boost::system::error_code ignored;
    const auto local = acceptor.local_endpoint(ignored);
    result.push_back({local.address().to_string(), local.port()});
  }
  return result;
}

Result<void> Server::reload_certificates() {
  if (!state_->service->options.tls) return {};
  auto context = make_server_context(*state_->service->options.tls);
  if (!context) return fail("reloading certificates", context.error());
  state_->service->tls = *std::move(context);
  return {};
}

std::size_t Server::connections() const {
  return state_->service->connections;
}

awaitable<void> Server::stop() {
  const auto state = state_;
  for (auto& acceptor : state->acceptors) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
  co_await state->tasks.stop();
}

}  // namespace holdfast::http
