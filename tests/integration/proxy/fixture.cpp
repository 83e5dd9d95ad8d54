#include "integration/proxy/fixture.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <future>

namespace holdfast::proxy::testing {

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = BootClock::now() + 20s;
  while (!condition()) {
    if (BootClock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

EchoServer::EchoServer(std::string name, std::uint16_t port)
    : name_{std::move(name)},
      acceptor_{loop_, {asio::ip::make_address("127.0.0.1"), port}},
      port_{acceptor_.local_endpoint().port()},
      tasks_{std::make_unique<async::TaskGroup>(loop_.get_executor())} {
  tasks_->spawn("accept", accept());
  thread_ = std::thread{[this] { loop_.run(); }};
}

EchoServer::~EchoServer() {
  asio::co_spawn(loop_, tasks_->stop(), [](const std::exception_ptr&) {});
  thread_.join();
}

awaitable<void> EchoServer::accept() {
  for (;;) {
    auto [failed, socket] = co_await acceptor_.async_accept(as_result);
    if (!failed) tasks_->spawn("echo", echo(std::move(socket)));
  }
}

awaitable<void> EchoServer::echo(Tcp::socket socket) {
  std::string bytes(64 * 1024, '\0');
  for (bool is_new = true;; is_new = false) {
    const auto [failed, count] = co_await socket.async_read_some(asio::buffer(bytes), as_result);
    if (failed && failed != asio::error::eof) co_return;
    if (is_new && !failed) ++accepted_;
    std::string answer = failed ? "bye" : name_ + ":" + bytes.substr(0, count);
    if (is_source && !failed) {
      answer.clear();
      if (bytes.starts_with("send ")) answer.assign(std::stoul(bytes.substr(5, count - 5)), 'x');
    }
    const auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(answer), as_result);
    if (failed || unsent) co_return;
  }
}

Client::Client(std::uint16_t port, Over over)
    : fd_{::socket(over == Over::ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const auto ip = asio::ip::make_address(over == Over::ipv4 ? "127.0.0.1" : "::1");
  const Tcp::endpoint to{ip, port};
  is_connected_ = ::connect(fd_, to.data(), static_cast<socklen_t>(to.size())) == 0;
}

Client::~Client() {
  hang_up();
}

void Client::hang_up() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string Client::read(std::size_t count) {
  std::string all;
  std::string piece(64 * 1024, '\0');
  while (all.size() < count) {
    const auto got = ::recv(fd_, piece.data(), std::min(piece.size(), count - all.size()), 0);
    if (got <= 0) break;
    all.append(piece.data(), static_cast<std::size_t>(got));
  }
  return all;
}

std::string Client::ask(const std::string& words, std::size_t answer_size) {
  send(words);
  return read(answer_size);
}

void Client::end_sending() {
  ::shutdown(fd_, SHUT_WR);
}

bool Client::is_cut() {
  char byte = 0;
  const auto got = ::recv(fd_, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

ListenerSettings listener(route::Target target, milliseconds hold) {
  return {.name = std::string{to_string(target)},
          .bind = {"127.0.0.1", 0},
          .policy = {.target = target},
          .hold_timeout = hold};
}

ProxyFixture::ProxyFixture(std::vector<ListenerSettings> listeners, const Adjust& adjust)
    : work_{loop_.get_executor()} {
  ProxyOptions options{.name = "lb1", .scope = "test", .stats = http::Endpoint{"127.0.0.1", 0}};
  options.settings.listeners = std::move(listeners);
  options.settings.threads = 2;
  options.builder.silent_after = 1h;
  if (adjust) adjust(options);
  auto discovery = std::make_unique<ToldDiscovery>();
  discovery_ = discovery.get();
  proxy_ = Proxy::open(loop_.get_executor(), std::move(options), std::move(discovery)).value();
  proxy_->start();
  thread_ = std::thread{[this] { loop_.run(); }};
}

ProxyFixture::~ProxyFixture() {
  run_task(proxy_->stop());
  run_on_loop([this] { proxy_.reset(); });
  work_.reset();
  thread_.join();
}

void ProxyFixture::run_on_loop(const std::function<void()>& work) {
  std::promise<void> done;
  asio::post(loop_, [&] {
    work();
    done.set_value();
  });
  done.get_future().get();
}

void ProxyFixture::run_task(awaitable<void> task) {
  std::promise<void> done;
  asio::co_spawn(loop_, std::move(task), [&](const std::exception_ptr&) { done.set_value(); });
  done.get_future().get();
}

void ProxyFixture::tell(route::Event event) {
  run_on_loop([&] { discovery_->tell(event); });
}

void ProxyFixture::members(const std::vector<const EchoServer*>& servers,
                           std::optional<route::LeaderKey> leader) {
  route::ClusterSeen seen{.leader = std::move(leader)};
  for (const auto* server : servers) {
    seen.members.push_back({.name = server->name(), .host = "127.0.0.1", .port = server->port()});
  }
  tell(seen);
}

void ProxyFixture::primary(const EchoServer& server, std::int64_t epoch, nanoseconds lease) {
  const auto now = BootClock::now();
  tell(route::HeartbeatSeen{.server = server.name(),
                            .sent_at = now,
                            .received_at = now,
                            .role = route::Role::primary,
                            .epoch = {epoch},
                            .lease_remaining = lease,
                            .running = true,
                            .timeline = 1,
                            .position = Lsn{1000}});
}

void ProxyFixture::replica(const EchoServer& server, Lsn replayed) {
  const auto now = BootClock::now();
  tell(route::HeartbeatSeen{.server = server.name(),
                            .sent_at = now,
                            .received_at = now,
                            .role = route::Role::replica,
                            .running = true,
                            .timeline = 1,
                            .position = replayed});
}

void ProxyFixture::leads(const EchoServer& server, std::int64_t epoch,
                         const std::vector<const EchoServer*>& others) {
  auto all = others;
  all.push_back(&server);
  members(all, route::LeaderKey{.name = server.name(), .epoch_min = {epoch}, .epoch_max = {epoch}});
  for (const auto* other : others) replica(*other);
  primary(server, epoch);
}

std::string ProxyFixture::http_get(const std::string& target) {
  Client client{stats_port()};
  client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return client.read_all();
}

void ProxyFixture::drain() {
  run_task(proxy_->drain(20s));
}

std::vector<Error> ProxyFixture::reload(Settings settings) {
  std::vector<Error> failures;
  run_on_loop([&] { failures = proxy_->reload(std::move(settings)); });
  return failures;
}

}  // namespace holdfast::proxy::testing
