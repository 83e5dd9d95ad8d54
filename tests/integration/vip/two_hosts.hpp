#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "integration/netlink/private_network.hpp"
#include "netlink/namespace.hpp"
#include "netlink/socket.hpp"

namespace holdfast::testing {

// A network namespace with an interface eth0.
struct Host {
  std::string name;
  std::unique_ptr<netlink::Namespace> place;
  std::unique_ptr<netlink::Socket> kernel;

  // What `call`, which returns a Result, returns there.
  template <class Call>
  auto in(Call call) const {
    return must(netlink::in_namespace(*place, std::move(call)));
  }
  netlink::Link eth0() const { return must(kernel->link("eth0")); }
  void set(const std::string& text) const {
    must(kernel->set_address({.link = eth0().index, .prefix = prefix(text)}));
  }
  bool has(const std::string& text) const {
    const auto all = must(kernel->addresses());
    return std::ranges::any_of(all, [&](const auto& each) { return to_string(each.prefix) == text; });
  }
};

// Two hosts on one cable: 10.0.1.21 and 10.0.1.22, fe80::21 and fe80::22. They end with the test.
class TwoHosts : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "network namespaces of our own need root";
    if (!make(a_, "a") || !make(b_, "b")) return;
    must(a_.kernel->add_veth("eth0", "far"));
    const auto far = must(a_.kernel->link("far")).index;
    must(a_.kernel->move_to_namespace(far, b_.place->fd()));
    must(b_.kernel->rename(must(b_.kernel->link("far")).index, "eth0"));
    furnish(a_, "21");
    furnish(b_, "22");
    const auto deadline = BootClock::now() + 10s;
    while ((!a_.eth0().has_carrier || !b_.eth0().has_carrier) && BootClock::now() < deadline)
      std::this_thread::sleep_for(1ms);
  }
  void TearDown() override {
    for (auto* host : {&a_, &b_}) {
      if (host->place) must(netlink::remove_namespace(host->name));
    }
  }

  Host a_;
  Host b_;

 private:
  static bool make(Host& host, const std::string& letter) {
    host.name = "hfvip" + std::to_string(getpid()) + letter;
    auto made = netlink::create_namespace(host.name);
    const bool is_forbidden = !made && made.error().code == Errc::permission_denied;
    if (is_forbidden) [&] { GTEST_SKIP() << to_string(made.error()); }();
    if (is_forbidden) return false;
    host.place = std::make_unique<netlink::Namespace>(must(std::move(made)));
    host.kernel = std::make_unique<netlink::Socket>(host.in([] { return netlink::Socket::open(); }));
    return true;
  }
  static void furnish(const Host& host, const std::string& number) {
    must(host.kernel->set_up(must(host.kernel->link("lo")).index, true));
    must(host.kernel->set_up(host.eth0().index, true));
    host.set("10.0.1." + number + "/24");
    host.set("fe80::" + number + "/64");
  }
};

}  // namespace holdfast::testing
