#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <thread>

#include "dcs/etcd/options.hpp"
#include "etcd_cluster.hpp"

namespace holdfast::dcs {
namespace {

using holdfast::testing::EtcdCluster;

// A name server on 127.0.0.1 that gives every question the same SRV record: 127.0.0.1's name and `port`.
class NameServer {
 public:
  explicit NameServer(int port) : port_{port}, fd_{::socket(AF_INET, SOCK_DGRAM, 0)} {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address_), sizeof address_);
    socklen_t size = sizeof address_;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size);
    thread_ = std::thread{[this] { serve(); }};
  }
  ~NameServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  sockaddr_in address() const { return address_; }

 private:
  void serve() {
    std::vector<unsigned char> buffer(512);
    sockaddr_in client{};
    for (;;) {
      socklen_t length = sizeof client;
      const auto got =
          ::recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&client), &length);
      if (got < 12) return;
      auto answer = answer_to({buffer.begin(), buffer.begin() + got});
      ::sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&client), length);
    }
  }

  std::vector<unsigned char> answer_to(std::vector<unsigned char> question) const {
    std::size_t end = 12;
    while (question[end] != 0) end += 1U + question[end];
    question.resize(end + 5);
    question[2] |= 0x80;  // an answer
    question[7] = 1;      // with one record
    question[11] = 0;     // and no additional ones
    const std::vector<unsigned char> record{0xc0,
                                            0x0c,
                                            0,
                                            33,
                                            0,
                                            1,
                                            0,
                                            0,
                                            0,
                                            1,
                                            0,
                                            17,
                                            0,
                                            0,
                                            0,
                                            0,
                                            static_cast<unsigned char>(port_ >> 8),
                                            static_cast<unsigned char>(port_ & 0xff),
                                            9,
                                            'l',
                                            'o',
                                            'c',
                                            'a',
                                            'l',
                                            'h',
                                            'o',
                                            's',
                                            't',
                                            0};
    question.insert(question.end(), record.begin(), record.end());
    return question;
  }

  int port_;
  int fd_;
  sockaddr_in address_{};
  std::thread thread_;
};

TEST(EtcdSrv, a_name_server_is_asked) {
  NameServer server{2379};
  const auto records = etcd::ask_dns("_etcd-client._tcp.example", server.address());
  ASSERT_TRUE(records.has_value()) << to_string(records.error());
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->front().endpoint, (http::Endpoint{"localhost", 2379}));
}

awaitable<void> read_story(EtcdOptions options, bool* was_read) {
  EtcdStore store{co_await asio::this_coro::executor, std::move(options)};
  const auto deadline = BootClock::now() + 15s;
  while (!*was_read && BootClock::now() < deadline) {
    const auto listed = co_await store.range("/service/");
    *was_read = listed.has_value();
  }
}

TEST(EtcdSrv, the_store_finds_etcd_by_its_records) {
  EtcdCluster cluster{1};
  NameServer server{http::parse_url(cluster.client_url(0)).value().endpoint.port};
  config::EtcdConfig etcd;
  etcd.srv = "example";
  etcd.srv_suffix = "east";
  auto options = options_of(etcd);
  EXPECT_TRUE(options.endpoints.empty());
  options.ask_srv = [address = server.address()](const std::string& name) {
    if (name != "_etcd-client-east._tcp.example") return Result<std::vector<etcd::SrvRecord>>{};
    return etcd::ask_dns(name, address);
  };
  asio::io_context loop;
  bool was_read = false;
  asio::co_spawn(loop, read_story(std::move(options), &was_read), [&](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
    loop.stop();
  });
  loop.run_for(30s);
  EXPECT_TRUE(was_read);
}

}  // namespace
}  // namespace holdfast::dcs
