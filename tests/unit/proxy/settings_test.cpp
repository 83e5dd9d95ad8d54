#include "proxy/settings.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace holdfast::proxy {
namespace {

ListenerSettings listener(std::string name, int port) {
  return {.name = std::move(name), .bind = {"*", port}};
}

// "write:5000 -read:5001", in their places; "-": closed.
std::string print(const std::vector<ListenerSettings>& listeners) {
  std::string text;
  for (const auto& it : listeners) {
    text += (text.empty() ? "" : " ") + std::string{it.is_closed ? "-" : ""};
    text += it.name + ":" + std::to_string(it.bind.port);
  }
  return text;
}

const std::vector write_and_read{listener("write", 5000), listener("read", 5001)};

TEST(PlaceListeners, what_stays_keeps_its_place_in_whatever_order_it_is_written) {
  const auto placed = place_listeners(write_and_read, {write_and_read[1], write_and_read[0]});
  EXPECT_EQ(print(placed), "write:5000 read:5001");
}

TEST(PlaceListeners, what_is_new_comes_last) {
  const auto placed = place_listeners(write_and_read, {listener("any", 5002), write_and_read[1]});
  EXPECT_EQ(print(placed), "-write:5000 read:5001 any:5002");
}

TEST(PlaceListeners, what_comes_back_gets_its_old_place) {
  const auto without = place_listeners(write_and_read, {write_and_read[1]});
  EXPECT_EQ(print(place_listeners(without, write_and_read)), "write:5000 read:5001");
}

TEST(PlaceListeners, another_port_is_another_place) {
  const auto placed = place_listeners(write_and_read, {listener("write", 6000), write_and_read[1]});
  EXPECT_EQ(print(placed), "-write:5000 read:5001 write:6000");
}

TEST(PlaceListeners, a_renamed_listener_keeps_its_place) {
  const auto placed = place_listeners(write_and_read, {listener("primary", 5000), write_and_read[1]});
  EXPECT_EQ(print(placed), "primary:5000 read:5001");
}

TEST(PlaceListeners, what_is_asked_of_a_listener_is_taken_over) {
  auto changed = write_and_read;
  changed[0].maxconn = 7;
  EXPECT_EQ(place_listeners(write_and_read, changed)[0].maxconn, 7);
}

// Any two lists of ports, with a port at most once in each.
RC_GTEST_PROP(PlaceListenersProperty, opens_what_is_wanted_closes_the_rest_and_moves_nothing, ()) {
  const auto some = [](const std::vector<int>& numbers) {
    const std::set<int> ports{numbers.begin(), numbers.end()};
    std::vector<ListenerSettings> all;
    for (const int port : ports) all.push_back(listener("l" + std::to_string(port), port));
    return all;
  };
  const auto ports = rc::gen::container<std::vector<int>>(rc::gen::inRange(5000, 5008));
  const auto before = some(*ports);
  const auto wanted = some(*ports);
  const auto placed = place_listeners(before, wanted);
  std::set<int> open;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (i < before.size()) RC_ASSERT(placed[i].bind == before[i].bind);
    if (!placed[i].is_closed) RC_ASSERT(open.insert(placed[i].bind.port).second);
  }
  RC_ASSERT(open.size() == wanted.size());
  for (const auto& it : wanted) RC_ASSERT(open.contains(it.bind.port));
}

}  // namespace
}  // namespace holdfast::proxy
