#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "async/task_group.hpp"
#include "heartbeat/message.hpp"
#include "http/client.hpp"

namespace holdfast::heartbeat {

struct Peer {
  std::string name;
  std::string url;  // of the agent's REST server ("http://10.0.1.11:8008"); the path is ours to choose

  bool operator==(const Peer&) const = default;
};

struct SubscriberOptions {
  std::string scope;              // heartbeats of another cluster end the stream; empty: any
  milliseconds interval = 100ms;  // between questions
  milliseconds connect_timeout = 1s;
  milliseconds silence_max = 1s;      // no heartbeat for so long: the stream is given up and opened anew
  milliseconds backoff_first = 50ms;  // between attempts to connect
  milliseconds backoff_longest = 1s;
  http::ClientOptions client;  // TLS, Basic authentication
};

struct SubscriberHandlers {
  // `sent_at`: when the question that this heartbeat answers left us: what it says was true at or after that
  // moment (fence 5 of docs/how-failover-works.md). BootInstant{}: it answers none. Handlers must not destroy
  // the subscriber.
  std::function<void(const std::string& peer, const Heartbeat&, BootInstant sent_at, BootInstant received_at)>
      on_heartbeat;
  // The stream broke, or the first of a row of attempts to open it failed. It is tried again by itself.
  std::function<void(const std::string& peer, const Error&)> on_lost;
};

// Keeps one heartbeat stream open to each peer. Belongs to one executor, where the handlers are called.
class Subscriber {
 public:
  Subscriber(asio::any_io_executor executor, SubscriberOptions options, SubscriberHandlers handlers);
  ~Subscriber();  // `co_await stop()` first
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // The peers from now on. Streams to those that stay are kept; those that left get no on_lost.
  void set_peers(std::vector<Peer> peers);
  bool is_connected(const std::string& peer) const;
  awaitable<void> stop();

 private:
  struct Link;
  awaitable<void> keep(std::shared_ptr<Link> link);
  awaitable<Result<void>> run_stream(std::shared_ptr<Link> link);
  awaitable<Result<void>> ask(std::shared_ptr<Link> link);
  awaitable<Result<void>> listen(std::shared_ptr<Link> link);
  Result<void> take_heartbeats(Link& link, std::string& input);
  Result<void> on_line(Link& link, const std::string& line);
  static void end(Link& link);

  SubscriberOptions options_;
  SubscriberHandlers handlers_;
  http::Client client_;
  std::map<std::string, std::shared_ptr<Link>> links_;
  async::TaskGroup tasks_;
};

}  // namespace holdfast::heartbeat
