#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>

#include "async/child_process.hpp"
#include "async/task_group.hpp"
#include "async/with_timeout.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "integration/play.hpp"

namespace holdfast::http {
namespace {

using asio::ip::tcp;

void play(awaitable<void> story) {
  holdfast::testing::play(std::move(story), 20s);
}

awaitable<Response> echo(Request request) {
  if (request.path == "/throw") throw std::runtime_error{"planted"};
  if (request.path == "/slow") co_await async::sleep_for(1h);
  Response response;
  response.body = request.method + " " + request.target + " " + request.body;
  response.content_type = "text/plain";
  co_return response;
}

awaitable<void> shout_back(Request, std::unique_ptr<Stream> stream) {
  std::string chunk(64, '\0');
  auto reading = stream->read_some(asio::buffer(chunk));
  const auto size = co_await async::with_timeout(5s, std::move(reading));
  if (!size) co_return;
  auto writing = stream->write("got " + chunk.substr(0, *size));
  const auto sent = co_await async::with_timeout(5s, std::move(writing));
  EXPECT_TRUE(sent.has_value());
}

ServerOptions options() {
  ServerOptions made;
  made.listen = {{"127.0.0.1", 0}};
  made.request_timeout = 300ms;
  made.handler_timeout = 300ms;
  made.connections_max = 20;
  return made;
}

ServerHandlers handlers() {
  ServerHandlers made;
  made.handle = echo;
  made.wants_upgrade = [](const Request& request) { return request.headers.has_token("Upgrade", "shout"); };
  made.on_upgrade = shout_back;
  return made;
}

Url url_of(const Server& server, std::string target) {
  return {false, server.endpoints().at(0), std::move(target)};
}

awaitable<Result<std::string>> read_all(std::shared_ptr<tcp::socket> socket) {
  std::string text, chunk(4096, '\0');
  for (;;) {
    auto [code, size] = co_await socket->async_read_some(asio::buffer(chunk), as_result);
    text.append(chunk, 0, size);
    if (code) co_return text;
  }
}

// Sends raw bytes and gives all that comes back until the server closes.
awaitable<std::string> raw(Endpoint endpoint, std::string bytes, bool half_close) {
  auto socket = std::make_shared<tcp::socket>(co_await asio::this_coro::executor);
  const tcp::endpoint where{asio::ip::make_address(endpoint.host), endpoint.port};
  co_await socket->async_connect(where, as_result);
  co_await asio::async_write(*socket, asio::buffer(bytes), as_result);
  boost::system::error_code ignored;
  if (half_close) socket->shutdown(tcp::socket::shutdown_send, ignored);
  auto reading = read_all(socket);
  const auto text = co_await async::with_timeout(10s, std::move(reading));
  EXPECT_TRUE(text.has_value()) << "the server did not close";
  co_return text.value_or("");
}

awaitable<void> request_story() {
  const auto executor = co_await asio::this_coro::executor;
  auto server = Server::start(executor, options(), handlers());
  EXPECT_TRUE(server.has_value());
  Client client{executor};
  for (int i = 0; i < 3; ++i) {
    const auto reply = co_await client.request(url_of(**server, "/a?b=1"), post_request("body"), 2s);
    EXPECT_TRUE(reply.has_value()) << to_string(reply.error());
    if (reply) EXPECT_EQ(reply->body, "POST /a?b=1 body");
  }
  EXPECT_EQ((*server)->connections(), 1U) << "the connection is kept alive";
  auto head = get_request();
  head.method = "HEAD";
  const auto counted = co_await client.request(url_of(**server, "/"), std::move(head), 2s);
  EXPECT_TRUE(counted.has_value());
  if (counted) {
    EXPECT_EQ(counted->body, "");
    EXPECT_EQ(counted->headers.find("Content-Length"), "7");
  }
  const auto thrown = co_await client.request(url_of(**server, "/throw"), get_request(), 2s);
  EXPECT_EQ(thrown.value_or(Response{}).status, 500);
  const auto slow = co_await client.request(url_of(**server, "/slow"), get_request(), 2s);
  EXPECT_EQ(slow.value_or(Response{}).status, 503);
  auto stream = co_await client.upgrade(url_of(**server, "/"), "shout", 2s);
  EXPECT_TRUE(stream.has_value());
  if (stream) {
    const auto sent = co_await (*stream)->write("hello");
    EXPECT_TRUE(sent.has_value());
    std::string chunk(64, '\0');
    const auto size = co_await (*stream)->read_some(asio::buffer(chunk));
    EXPECT_EQ(chunk.substr(0, size.value_or(0)), "got hello");
  }
  const auto refused = co_await client.upgrade(url_of(**server, "/"), "other", 2s);
  EXPECT_EQ(refused.error().code, Errc::refused);
  co_await (*server)->stop();
  const auto gone = co_await client.request(url_of(**server, "/"), get_request(), 2s);
  EXPECT_FALSE(gone.has_value());
}
TEST(Http, answers_requests_and_upgrades) {
  play(request_story());
}

awaitable<void> abuse_story() {
  const auto executor = co_await asio::this_coro::executor;
  auto server = Server::start(executor, options(), handlers());
  EXPECT_TRUE(server.has_value());
  const auto where = (*server)->endpoints().at(0);
  const auto garbage = co_await raw(where, std::string("\x16\x03\x01\x00\xff\r\n\r\n", 9), false);
  EXPECT_TRUE(garbage.starts_with("HTTP/1.1 400 ")) << garbage;
  const auto large =
      co_await raw(where, "GET / HTTP/1.1\r\nX: " + std::string(40000, 'x') + "\r\n\r\n", false);
  EXPECT_TRUE(large.starts_with("HTTP/1.1 431 ")) << large;
  const auto big = co_await raw(where, "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nabc", false);
  EXPECT_TRUE(big.starts_with("HTTP/1.1 413 ")) << big;
  const auto loris = co_await raw(where, "GET / HTTP/1.1\r\nX: a", false);
  EXPECT_TRUE(loris.starts_with("HTTP/1.1 408 ")) << loris;
  const auto half = co_await raw(where, "GET / HTTP/1.1\r\nX: a", true);
  EXPECT_EQ(half, "");
  const auto two =
      co_await raw(where, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n", false);
  EXPECT_NE(two.find("GET /1"), std::string::npos);
  EXPECT_NE(two.find("GET /2"), std::string::npos);
  std::vector<std::shared_ptr<tcp::socket>> idle;
  for (int i = 0; i < 20; ++i) {
    auto socket = std::make_shared<tcp::socket>(executor);
    const tcp::endpoint address{asio::ip::make_address(where.host), where.port};
    co_await socket->async_connect(address, as_result);
    idle.push_back(std::move(socket));
  }
  const auto deadline = BootClock::now() + 5s;
  while ((*server)->connections() < 20 && BootClock::now() < deadline) co_await async::sleep_for(5ms);
  const auto turned_away = co_await raw(where, "GET / HTTP/1.1\r\n\r\n", false);
  EXPECT_TRUE(turned_away.starts_with("HTTP/1.1 503 ")) << turned_away;
  idle.clear();
  while ((*server)->connections() > 0 && BootClock::now() < deadline) co_await async::sleep_for(5ms);
  Client client{executor};
  const auto well = co_await client.request(url_of(**server, "/"), get_request(), 2s);
  EXPECT_EQ(well.value_or(Response{}).status, 200);
  co_await (*server)->stop();
}
TEST(Http, survives_garbage_slow_and_too_many_clients) {
  play(abuse_story());
}

awaitable<void> port_story() {
  const auto executor = co_await asio::this_coro::executor;
  auto first = Server::start(executor, options(), handlers());
  EXPECT_TRUE(first.has_value());
  auto again = options();
  again.listen = (*first)->endpoints();
  const auto second = Server::start(executor, again, handlers());
  EXPECT_FALSE(second.has_value());
  if (!second) {
    EXPECT_EQ(second.error().code, Errc::refused);
    EXPECT_NE(second.error().context.find("already in use by process"), std::string::npos)
        << second.error().context;
  }
  auto elsewhere = options();
  elsewhere.listen = {{"192.0.2.1", 8008}};
  const auto third = Server::start(executor, elsewhere, handlers());
  EXPECT_EQ(third.error().code, Errc::invalid_argument);
  co_await (*first)->stop();
}
TEST(Http, says_who_has_the_port) {
  play(port_story());
}

awaitable<void> tls_story(std::string directory) {
  const auto executor = co_await asio::this_coro::executor;
  const auto cert = directory + "/cert.pem", key = directory + "/key.pem";
  async::ChildOptions openssl;
  openssl.argv = {
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",   "-keyout", key,
      "-out",    cert,  "-days", "2",       "-subj",    "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"};
  const auto made = co_await async::run_child(std::move(openssl), 20s);
  EXPECT_TRUE(made && made->status.ok());
  auto secured = options();
  secured.request_timeout = 3s;
  secured.tls = TlsServerOptions{.certfile = cert,
                                 .keyfile = key,
                                 .keyfile_password = {},
                                 .cafile = cert,
                                 .verify_client = VerifyClient::optional};
  auto server = Server::start(executor, secured, handlers());
  EXPECT_TRUE(server.has_value()) << to_string(server.error());
  if (!server) co_return;
  auto url = url_of(**server, "/");
  url.tls = true;
  ClientOptions trusting;
  trusting.tls.cacert = cert;
  Client client{executor, trusting};
  for (int i = 0; i < 2; ++i) {
    const auto reply = co_await client.request(url, get_request(), 3s);
    EXPECT_TRUE(reply.has_value()) << to_string(reply.error());
  }
  EXPECT_EQ((*server)->connections(), 1U);
  Client stranger{executor};
  const auto refused = co_await stranger.request(url, get_request(), 3s);
  EXPECT_EQ(refused.error().code, Errc::refused);
  EXPECT_TRUE((*server)->reload_certificates().has_value());
  std::filesystem::remove(key);
  EXPECT_FALSE((*server)->reload_certificates().has_value());
  client.drop_idle();
  const auto still = co_await client.request(url, get_request(), 3s);
  EXPECT_TRUE(still.has_value());
  co_await (*server)->stop();
}
TEST(Http, speaks_tls_and_keeps_good_certificates_when_new_ones_are_bad) {
  char pattern[] = "/tmp/holdfast-tls-XXXXXX";
  const std::string directory = ::mkdtemp(pattern);
  play(tls_story(directory));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace holdfast::http
