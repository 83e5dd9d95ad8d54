// What a relayed byte and a relayed message cost in CPU of the relay's thread, by mechanism: copied through a
// buffer, spliced through a pipe, or the proxy's choice. Prints; asserts nothing. Arguments: megabytes,
// messages, rounds.
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <thread>

#include "proxy/relay.hpp"

namespace holdfast::proxy {
namespace {

// A connected pair of TCP sockets on loopback.
struct Pair {
  Tcp::socket near;
  Tcp::socket far;
  Pair(asio::io_context& near_loop, asio::io_context& far_loop) : near{near_loop}, far{far_loop} {
    Tcp::acceptor acceptor{far_loop, {asio::ip::make_address("127.0.0.1"), 0}};
    near.connect(acceptor.local_endpoint());
    acceptor.accept(far);
    near.set_option(Tcp::no_delay{true});
    far.set_option(Tcp::no_delay{true});
    near.non_blocking(true);
  }
};

double thread_cpu_seconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

// CPU seconds of a thread that relays while `work` uses the two far ends, which it closes at the end.
template <class Work>
double measure(RelayMode mode, Work work) {
  asio::io_context relay_loop{1};
  asio::io_context far_loop{1};
  Pair client{relay_loop, far_loop};
  Pair server{relay_loop, far_loop};
  RelayState state;
  double spent = 0;
  asio::co_spawn(relay_loop, relay(&client.near, &server.near, &state, mode),
                 [](const std::exception_ptr&) {});
  std::thread relaying{[&] {
    relay_loop.run();
    spent = thread_cpu_seconds();
  }};
  work(client.far, server.far);
  client.far.close();
  server.far.close();
  relaying.join();
  return spent;
}

double bulk(RelayMode mode, std::size_t megabytes) {
  const std::size_t size = megabytes << 20;
  return measure(mode, [size](Tcp::socket& client, Tcp::socket& server) {
    std::thread sending{[&] {
      const std::vector<char> piece(256 * 1024, 'x');
      for (std::size_t sent = 0; sent < size; sent += piece.size()) asio::write(server, asio::buffer(piece));
    }};
    std::vector<char> into(1 << 20);
    for (std::size_t got = 0; got < size;) got += client.read_some(asio::buffer(into));
    sending.join();
  });
}

double messages(RelayMode mode, int count) {
  return measure(mode, [count](Tcp::socket& client, Tcp::socket& server) {
    std::array<char, 64> message{};
    for (int i = 0; i < count; ++i) {
      asio::write(client, asio::buffer(message));
      asio::read(server, asio::buffer(message));
      asio::write(server, asio::buffer(message));
      asio::read(client, asio::buffer(message));
    }
  });
}

struct Row {
  const char* name;
  RelayMode mode;
  std::vector<double> bulk;
  std::vector<double> messages;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace
}  // namespace holdfast::proxy

int main(int argc, char** argv) {
  using namespace holdfast::proxy;
  const int megabytes = argc > 1 ? std::atoi(argv[1]) : 512;
  const int count = argc > 2 ? std::atoi(argv[2]) : 20000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  std::vector<Row> rows{{"copy", RelayMode::copy, {}, {}},
                        {"splice", RelayMode::splice, {}, {}},
                        {"adaptive", RelayMode::adaptive, {}, {}}};
  for (int round = 0; round < rounds; ++round) {  // side by side, so that noise meets all alike
    for (auto& row : rows) {
      row.bulk.push_back(bulk(row.mode, static_cast<std::size_t>(megabytes)) * 1024 / megabytes);
      row.messages.push_back(messages(row.mode, count) * 1e6 / count);
    }
  }
  fmt::print("{:<10}{:>16}{:>8}{:>22}{:>8}\n", "relay", "CPU s per GB", "ratio", "CPU us per 64 B trip",
             "ratio");
  const auto bulk_base = median(rows[0].bulk);
  const auto message_base = median(rows[0].messages);
  for (const auto& row : rows) {
    fmt::print("{:<10}{:>16.3f}{:>8.2f}{:>22.2f}{:>8.2f}\n", row.name, median(row.bulk),
               median(row.bulk) / bulk_base, median(row.messages), median(row.messages) / message_base);
  }
}
