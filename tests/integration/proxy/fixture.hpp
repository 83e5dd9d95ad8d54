#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/proxy.hpp"

// A proxy in front of small TCP servers that stand for PostgreSQL, and blocking clients.
namespace holdfast::proxy::testing {

// True as soon as `condition` holds; false when it does not within 20 s.
bool eventually(const std::function<bool()>& condition);

// Answers what it gets with its name before it ("pg1:hello"); at the client's end of stream says "bye" and
// closes.
class EchoServer {
 public:
  explicit EchoServer(std::string name, std::uint16_t port = 0);
  ~EchoServer();

  const std::string& name() const { return name_; }
  std::uint16_t port() const { return port_; }
  int accepted() const { return accepted_; }  // connections that have said something
  // Instead of an echo: swallow what comes, and answer "send N" with N bytes.
  std::atomic<bool> is_source{false};

 private:
  awaitable<void> accept();
  awaitable<void> echo(Tcp::socket socket);

  std::string name_;
  std::atomic<int> accepted_{0};
  asio::io_context loop_{1};
  Tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::unique_ptr<async::TaskGroup> tasks_;
  std::thread thread_;
};

// A client with blocking calls; every one gives up after 20 s.
class Client {
 public:
  enum class Over { ipv4, ipv6 };
  explicit Client(std::uint16_t port, Over over = Over::ipv4);
  ~Client();
  Client(Client&& other) noexcept : fd_{std::exchange(other.fd_, -1)}, is_connected_{other.is_connected_} {}

  bool is_connected() const { return is_connected_; }  // nobody listened there when false
  void send(std::string_view bytes);
  std::string read(std::size_t count);  // shorter when the stream ends
  std::string read_all() { return read(std::string::npos - 1); }
  std::string ask(const std::string& words, std::size_t answer_size);
  void end_sending();
  bool is_cut();  // waits for the end of the stream
  void hang_up();

 private:
  int fd_;
  bool is_connected_ = false;
};

// Tells the proxy whatever the test says.
class ToldDiscovery : public Discovery {
 public:
  void start(EventSink sink) override { sink_ = std::move(sink); }
  awaitable<void> stop() override {
    sink_ = nullptr;
    co_return;
  }
  void tell(const route::Event& event) {
    if (sink_) sink_(event);
  }

 private:
  EventSink sink_;
};

// The proxy, its control loop on a thread, and words for what happens to the cluster.
class ProxyFixture {
 public:
  using Adjust = std::function<void(ProxyOptions&)>;
  explicit ProxyFixture(std::vector<ListenerSettings> listeners, const Adjust& adjust = {});
  ~ProxyFixture();

  void tell(route::Event event);  // returns when the control loop has taken it
  void members(const std::vector<const EchoServer*>& servers, std::optional<route::LeaderKey> leader);
  void primary(const EchoServer& server, std::int64_t epoch, nanoseconds lease = 1h);
  void replica(const EchoServer& server, Lsn replayed = Lsn{1000});
  // `server` leads with `epoch` and proves it; the others are replicas.
  void leads(const EchoServer& server, std::int64_t epoch, const std::vector<const EchoServer*>& others = {});

  std::uint16_t port(std::size_t listener = 0) const { return proxy_->ports()[listener]; }
  std::uint16_t stats_port() const { return proxy_->stats_port(); }
  const Ledger& ledger() const { return proxy_->ledger(); }
  std::int64_t waiting() const { return ledger().waiting.now(); }
  std::string http_get(const std::string& target);
  void drain();
  std::vector<Error> reload(Settings settings);  // what failed

 private:
  void run_on_loop(const std::function<void()>& work);
  void run_task(awaitable<void> task);

  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  ToldDiscovery* discovery_;
  std::unique_ptr<Proxy> proxy_;
  std::thread thread_;
};

ListenerSettings listener(route::Target target, milliseconds hold = 20s);

}  // namespace holdfast::proxy::testing
