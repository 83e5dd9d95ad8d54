#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "netlink/socket.hpp"

namespace holdfast::testing {

// The value, or the test ends with the error's words.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error{to_string(result.error())};
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline IpPrefix prefix(const std::string& text) {
  return must(IpPrefix::parse(text));
}
inline IpAddress address(const std::string& text) {
  return must(IpAddress::parse(text));
}

// What the kernel itself tells of this namespace under /proc: another witness than the socket under test.
inline std::string kernel_table(const std::string& file) {
  std::ifstream table{"/proc/thread-self/net/" + file};
  std::stringstream text;
  text << table.rdbuf();
  return text.str();
}

// Each test has a network namespace of its own, with nothing in it but a loopback link. It ends with the
// test.
class PrivateNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "a network namespace of our own needs root";
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespaces here: " << std::strerror(errno);
    socket_.emplace(must(netlink::Socket::open()));
  }

  netlink::Socket& socket() { return *socket_; }
  int index_of(const std::string& name) { return must(socket().link(name)).index; }

  // Two links that are each other's cable, both up. Returns the first.
  int a_cable(const std::string& name, const std::string& peer) {
    must(socket().add_veth(name, peer));
    must(socket().set_up(index_of(name), true));
    must(socket().set_up(index_of(peer), true));
    return index_of(name);
  }

  std::optional<netlink::HostAddress> find(const std::string& text) {
    const auto wanted = prefix(text);
    for (const auto& each : must(socket().addresses())) {
      if (each.prefix == wanted) return each;
    }
    return {};
  }

 private:
  std::optional<netlink::Socket> socket_;
};

}  // namespace holdfast::testing
