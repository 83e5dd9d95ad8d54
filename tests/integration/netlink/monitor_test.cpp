#include "netlink/monitor.hpp"

#include <cstdlib>

#include "async/with_timeout.hpp"
#include "integration/netlink/private_network.hpp"
#include "integration/play.hpp"

namespace holdfast::testing {
namespace {

using netlink::AddressAdded;
using netlink::AddressRemoved;
using netlink::AddressSpec;
using netlink::Change;
using netlink::LinkChanged;
using netlink::LinkRemoved;
using netlink::Monitor;
using netlink::Overrun;

using IsWanted = std::function<bool(const Change&)>;

// The rest of the world may change too: what nobody asked for is passed over.
awaitable<Result<Change>> first_that(Monitor* monitor, IsWanted is_wanted) {
  while (true) {
    auto change = co_await monitor->next();
    if (!change || is_wanted(*change)) co_return change;
  }
}

awaitable<bool> sees(Monitor* monitor, IsWanted is_wanted) {
  auto looking = first_that(monitor, std::move(is_wanted));
  const auto found = co_await async::with_timeout(20s, std::move(looking));
  EXPECT_TRUE(found) << to_string(found.error());
  co_return found.has_value();
}

template <class Kind>
IsWanted address_change(const std::string& text) {
  return [wanted = prefix(text)](const Change& change) {
    const auto* found = std::get_if<Kind>(&change);
    return found != nullptr && found->address.prefix == wanted;
  };
}

IsWanted link_change(std::function<bool(const netlink::Link&)> is_wanted) {
  return [is_wanted = std::move(is_wanted)](const Change& change) {
    const auto* found = std::get_if<LinkChanged>(&change);
    return found != nullptr && is_wanted(found->link);
  };
}

IsWanted removal_of(int index, const std::string& name) {
  return [index, name](const Change& change) {
    const auto* found = std::get_if<LinkRemoved>(&change);
    return found != nullptr && found->index == index && found->name == name;
  };
}

class Monitoring : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (!IsSkipped()) eth0_ = a_cable("eth0", "far0");
  }

  awaitable<void> lifetimes_end() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    AddressSpec kept{.link = eth0_, .prefix = prefix("10.0.1.11/24"), .valid_lft = 1s};
    AddressSpec left{.link = eth0_, .prefix = prefix("10.0.1.10/24"), .valid_lft = 1s};
    for (const auto& spec : {kept, left}) must(socket().set_address(spec));
    co_await sees(monitor.get(), address_change<AddressAdded>("10.0.1.10/24"));
    kept.valid_lft = 600s;
    EXPECT_FALSE(must(socket().set_address(kept)));
    auto is_gone = address_change<AddressRemoved>("10.0.1.10/24");
    co_await sees(monitor.get(), std::move(is_gone));
    EXPECT_FALSE(find("10.0.1.10/24"));
    EXPECT_TRUE(find("10.0.1.11/24"));
  }

  awaitable<void> an_ipv6_lifetime_ends() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    AddressSpec left{.link = eth0_, .prefix = prefix("fd00:1::10/64"), .valid_lft = 1s};
    must(socket().set_address(left));
    auto is_gone = address_change<AddressRemoved>("fd00:1::10/64");
    co_await sees(monitor.get(), std::move(is_gone));
    EXPECT_FALSE(find("fd00:1::10/64"));
  }

  awaitable<void> renewals_follow_each_other() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    AddressSpec spec{.link = eth0_, .prefix = prefix("10.0.1.10/24"), .valid_lft = 3s};
    AddressSpec spec6{.link = eth0_, .prefix = prefix("fd00:1::10/64"), .valid_lft = 3s};
    for (int round = 0; round < 50; ++round) {
      EXPECT_EQ(must(socket().set_address(spec)), round == 0);
      EXPECT_EQ(must(socket().set_address(spec6)), round == 0);
    }
    must(socket().rename(index_of("lo"), "last"));  // all that came before it has been told when it is
    auto looking = first_that(monitor.get(), [](const Change& change) {
      EXPECT_FALSE(std::holds_alternative<AddressRemoved>(change));
      const auto* changed = std::get_if<LinkChanged>(&change);
      return changed != nullptr && changed->link.name == "last";
    });
    const auto found = co_await async::with_timeout(20s, std::move(looking));
    EXPECT_TRUE(found);
  }

  // The other end of the cable has the address already; this end asks (duplicate address detection).
  awaitable<void> an_address_is_taken() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    must(socket().set_address({.link = index_of("far0"), .prefix = prefix("fd00:1::10/64")}));
    EXPECT_EQ(std::system("ip -6 address add fd00:1::10/64 dev eth0"), 0);
    auto is_duplicate = [this](const Change& change) {
      const auto* added = std::get_if<AddressAdded>(&change);
      return added != nullptr && added->address.link == eth0_ && added->address.has_failed_dad;
    };
    co_await sees(monitor.get(), std::move(is_duplicate));
  }

  awaitable<void> a_link_changes() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    must(socket().set_up(eth0_, false));
    auto is_down = link_change([this](const auto& link) { return link.index == eth0_ && !link.is_up; });
    co_await sees(monitor.get(), std::move(is_down));
    must(socket().rename(eth0_, "wan0"));
    auto is_renamed =
        link_change([this](const auto& link) { return link.index == eth0_ && link.name == "wan0"; });
    co_await sees(monitor.get(), std::move(is_renamed));
    must(socket().set_up(eth0_, true));
    auto works = link_change([this](const auto& link) { return link.index == eth0_ && link.has_carrier; });
    co_await sees(monitor.get(), std::move(works));
    must(socket().remove_link(eth0_));
    auto is_removed = removal_of(eth0_, "wan0");
    co_await sees(monitor.get(), std::move(is_removed));
  }

  awaitable<void> the_other_end_goes_down() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    must(socket().set_up(index_of("far0"), false));
    auto lost = link_change([this](const auto& link) { return link.index == eth0_ && !link.has_carrier; });
    co_await sees(monitor.get(), std::move(lost));
    EXPECT_TRUE(must(socket().link("eth0")).is_up);
  }

  awaitable<void> a_port_leaves_its_bridge() {
    const int bridge = must(socket().add_bridge("br0"));
    must(socket().set_master(eth0_, bridge));
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    must(socket().set_master(eth0_, 0));
    must(socket().rename(bridge, "br1"));  // the last of what is to come
    auto looking = first_that(monitor.get(), [this](const Change& change) {
      const auto* removed = std::get_if<LinkRemoved>(&change);
      EXPECT_FALSE(removed != nullptr && removed->index == eth0_) << "eth0 only left the bridge";
      const auto* changed = std::get_if<LinkChanged>(&change);
      return changed != nullptr && changed->link.name == "br1";
    });
    const auto found = co_await async::with_timeout(20s, std::move(looking));
    EXPECT_TRUE(found);
  }

  // More changes than the socket of one who does not listen can hold.
  awaitable<void> too_much_happens() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    for (int round = 0; round < 4000; ++round) {
      must(socket().set_up(eth0_, round % 2 == 1));
    }
    auto is_overrun = [](const Change& change) { return std::holds_alternative<Overrun>(change); };
    co_await sees(monitor.get(), is_overrun);
    must(socket().rename(eth0_, "wan0"));
    auto goes_on = link_change([](const auto& link) { return link.name == "wan0"; });
    co_await sees(monitor.get(), std::move(goes_on));
  }

  awaitable<void> nobody_has_anything_to_say() {
    const auto monitor = must(Monitor::open(co_await asio::this_coro::executor));
    for (int attempt = 0; attempt < 2; ++attempt) {
      auto waiting = first_that(monitor.get(), [](const Change&) { return false; });
      const auto found = co_await async::with_timeout(10ms, std::move(waiting));
      EXPECT_FALSE(found);
      EXPECT_EQ(found.error().code, Errc::timed_out);
    }
    must(socket().set_up(eth0_, false));
    auto is_down = link_change([this](const auto& link) { return link.index == eth0_ && !link.is_up; });
    co_await sees(monitor.get(), std::move(is_down));
  }

  int eth0_ = 0;
};

TEST_F(Monitoring, an_address_goes_at_the_end_of_its_lifetime_and_a_renewed_one_stays) {
  play(lifetimes_end(), 60s);
}

TEST_F(Monitoring, an_ipv6_address_goes_at_the_end_of_its_lifetime) {
  play(an_ipv6_lifetime_ends(), 60s);
}

TEST_F(Monitoring, an_address_is_never_gone_while_it_is_renewed) {
  play(renewals_follow_each_other(), 60s);
}

TEST_F(Monitoring, an_address_that_somebody_else_has_is_told_to_be_a_duplicate) {
  play(an_address_is_taken(), 60s);
}

TEST_F(Monitoring, a_link_that_goes_down_is_renamed_comes_up_and_is_removed_is_seen) {
  play(a_link_changes(), 120s);
}

TEST_F(Monitoring, a_link_whose_other_end_is_down_is_up_and_has_no_carrier) {
  play(the_other_end_goes_down(), 60s);
}

TEST_F(Monitoring, a_port_that_leaves_its_bridge_is_not_a_link_that_is_gone) {
  play(a_port_leaves_its_bridge(), 60s);
}

TEST_F(Monitoring, changes_that_were_lost_are_told_and_the_next_ones_come_again) {
  play(too_much_happens(), 120s);
}

TEST_F(Monitoring, waiting_can_be_given_up_and_begun_again) {
  play(nobody_has_anything_to_say(), 60s);
}

}  // namespace
}  // namespace holdfast::testing
