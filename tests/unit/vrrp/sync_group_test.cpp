#include "vrrp/sync_group.hpp"

#include "timeline.hpp"

namespace holdfast::vrrp {
namespace {

// VI_1 and VI_2 in the group G, VI_3 by itself.
Ensemble three_routers(RouterOptions options = an_instance()) {
  std::vector<RouterOptions> routers;
  for (const char* name : {"VI_1", "VI_2", "VI_3"}) {
    options.name = name;
    routers.push_back(options);
  }
  return Ensemble{routers, {{"G", {0, 1}}}};
}

Ensemble started(RouterOptions options = an_instance()) {
  auto ensemble = three_routers(std::move(options));
  for (std::size_t router = 0; router < 3; ++router) ensemble.start(at(0), router, well());
  return ensemble;
}

Ensemble leading(RouterOptions options = an_instance()) {
  auto ensemble = started(std::move(options));
  ensemble.on_time(at(400));
  return ensemble;
}

std::vector<State> states(const Ensemble& ensemble) {
  return {ensemble.view(0).state, ensemble.view(1).state, ensemble.view(2).state};
}

using States = std::vector<State>;
constexpr auto master = State::master;
constexpr auto backup = State::backup;
constexpr auto fault = State::fault;

TEST(Ensemble, leads_with_all_of_a_group_at_once) {
  const auto ensemble = leading();
  EXPECT_EQ(states(ensemble), (States{master, master, master}));
  EXPECT_EQ(ensemble.state_of(ensemble.groups().front()), master);
  EXPECT_EQ(ensemble.wake_at(), at(500));
}

TEST(Ensemble, stays_backup_with_a_group_of_which_one_hears_a_master) {
  auto ensemble = started();
  ensemble.on_advert(at(300), 1, from_22(150));
  ensemble.on_time(at(400));
  EXPECT_EQ(states(ensemble), (States{backup, backup, master}));
  EXPECT_TRUE(ensemble.view(0).is_ready);
  ensemble.on_time(at(300 + down_100));
  EXPECT_EQ(states(ensemble), (States{master, master, master}));
}

TEST(Ensemble, takes_the_group_along_when_one_yields) {
  auto ensemble = leading();
  const auto steps = ensemble.on_advert(at(450), 1, from_22(150));
  EXPECT_EQ(states(ensemble), (States{backup, backup, master}));
  EXPECT_EQ(steps[0].router, 1U);
  EXPECT_EQ(steps[1].router, 0U);
  EXPECT_EQ(reason(steps[1].step), "sync group G: VI_2 left MASTER: 10.0.1.22 has priority 150, ours is 100");
  EXPECT_EQ(words(steps[1].step), (Words{"send an advert of priority 0", "drop the addresses"}));
}

TEST(Ensemble, shares_a_fault_and_its_end) {
  auto ensemble = leading();
  const auto steps = ensemble.on_standing(at(450), 0, faulty());
  EXPECT_EQ(states(ensemble), (States{fault, fault, master}));
  EXPECT_EQ(ensemble.state_of(ensemble.groups().front()), fault);
  EXPECT_EQ(reason(steps[1].step), "VI_1: interface eth0: carrier lost");
  ensemble.on_standing(at(500), 0, well());
  EXPECT_EQ(states(ensemble), (States{backup, backup, master}));
}

TEST(Ensemble, shares_a_sick_service) {
  auto ensemble = leading();
  ensemble.on_standing(at(450), 1, sick());
  EXPECT_EQ(states(ensemble), (States{backup, backup, master}));
  EXPECT_EQ(ensemble.view(0).priority, priority_sick);
  for (int ms = 500; ms <= 900; ms += 50) ensemble.on_time(at(ms));
  EXPECT_EQ(states(ensemble), (States{master, master, master}));
}

TEST(Ensemble, with_a_paused_group_says_nothing_to_the_new_master) {
  auto ensemble = leading();
  for (const auto& [router, step] : ensemble.on_advert(at(3000), 0, from_22(50)))
    EXPECT_FALSE(has<SendAdvert>(step)) << router;
  EXPECT_EQ(ensemble.view(1).state, backup);
}

RouterOptions leased() {
  auto options = an_instance();
  options.needs_claim = true;
  return options;
}

std::vector<std::size_t> claimants(const std::vector<NamedStep>& steps) {
  std::vector<std::size_t> all;
  for (const auto& [router, step] : steps)
    if (has<Claim>(step)) all.push_back(router);
  return all;
}

TEST(Ensemble, claims_once_for_a_group) {
  auto ensemble = started(leased());
  EXPECT_EQ(claimants(ensemble.on_time(at(400))), (std::vector<std::size_t>{0, 2}));
  ensemble.on_claim(at(410), 0, at(3410));
  EXPECT_EQ(states(ensemble), (States{master, master, backup}));
  EXPECT_EQ(ensemble.view(1).claim_until, at(3410)) << "its addresses end with the claim, too";
  ensemble.on_claim(at(420), 0, at(4000));
  EXPECT_EQ(ensemble.view(1).claim_until, at(4000));
  ensemble.on_claim(at(430), 0, std::nullopt);
  EXPECT_EQ(states(ensemble), (States{backup, backup, backup}));
}

TEST(Ensemble, gives_the_claim_back_when_one_of_the_group_hears_a_master) {
  auto ensemble = started(leased());
  ensemble.on_time(at(400));
  const auto steps = ensemble.on_advert(at(405), 1, from_22(150));
  const auto gives_back = [](const NamedStep& named) {
    return named.router == 0 && has<Unclaim>(named.step);
  };
  EXPECT_TRUE(std::ranges::any_of(steps, gives_back));
  ensemble.on_claim(at(410), 0, at(3410));
  EXPECT_EQ(states(ensemble), (States{backup, backup, backup}));
}

TEST(Ensemble, drops_all_when_the_claim_of_the_group_ends) {
  auto ensemble = started(leased());
  ensemble.on_time(at(400));
  ensemble.on_claim(at(410), 0, at(700));
  for (int ms = 420; ms <= 700; ms += 10) ensemble.on_time(at(ms));
  EXPECT_EQ(states(ensemble), (States{backup, backup, backup}));
}

TEST(Ensemble, stops_everybody) {
  auto ensemble = leading();
  EXPECT_EQ(ensemble.stop(at(450)).size(), 3U);
  EXPECT_EQ(ensemble.wake_at(), BootInstant::max());
}

}  // namespace
}  // namespace holdfast::vrrp
