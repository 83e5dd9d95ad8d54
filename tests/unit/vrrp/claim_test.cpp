#include "timeline.hpp"

namespace holdfast::vrrp {
namespace {

RouterOptions with_lease() {
  auto options = an_instance();
  options.needs_claim = true;
  return options;
}

// Master since 1000 ms; the claim ends at 4000 ms.
Router a_claiming_master(RouterOptions options = with_lease()) {
  Router router{std::move(options)};
  router.start(at(990 - down_100), well());
  EXPECT_EQ(words(router.on_time(at(990))), Words{"claim"});
  EXPECT_TRUE(router.on_claim(at(1000), at(4000)).transition);
  return router;
}

TEST(RouterClaim, comes_before_mastership) {
  auto router = a_backup(with_lease());
  auto step = router.on_time(at(400));
  EXPECT_EQ(words(step), Words{"claim"});
  EXPECT_FALSE(step.transition);
  EXPECT_EQ(step.wake_at, BootInstant::max()) << "the answer comes by itself";
  EXPECT_TRUE(router.on_time(at(500)).actions.empty()) << "it asks once";
  step = router.on_claim(at(520), at(3520));
  EXPECT_EQ(words(step),
            (Words{"send an advert of priority 100", "hold the addresses for 3000 ms", "announce 5 times"}))
      << "the kernel ends the addresses with the claim";
  EXPECT_EQ(reason(step), "no other master was heard for 400 ms; the lease is ours");
  EXPECT_EQ(router.view().claim_until, at(3520));
}

TEST(RouterClaim, is_asked_for_again_when_it_was_refused) {
  auto router = a_backup(with_lease());
  router.on_time(at(400));
  auto step = router.on_claim(at(410), std::nullopt);
  EXPECT_TRUE(step.actions.empty());
  EXPECT_EQ(step.wake_at, at(510));
  EXPECT_TRUE(router.on_time(at(509)).actions.empty());
  EXPECT_EQ(words(router.on_time(at(510))), Words{"claim"});
}

TEST(RouterClaim, is_given_back_when_a_master_is_heard) {
  auto router = a_backup(with_lease());
  router.on_time(at(400));
  EXPECT_EQ(words(router.on_advert(at(405), from_22(150))), Words{"give the claim back"});
  EXPECT_EQ(words(router.on_claim(at(410), at(5000))), Words{"give the claim back"}) << "not wanted any more";
  EXPECT_EQ(router.view().state, State::backup);
}

TEST(RouterClaim, ends_mastership_at_its_end) {
  auto router = a_claiming_master();
  for (int ms = 1100; ms < 4000; ms += 100) EXPECT_LE(router.on_time(at(ms)).wake_at, at(4000));
  const auto step = router.on_time(at(4000));
  EXPECT_EQ(words(step), (Words{"send an advert of priority 0", "drop the addresses"}))
      << "and no claim to give back";
  EXPECT_EQ(reason(step), "the lease ended without renewal, after 3.0 s as master");
}

TEST(RouterClaim, that_was_renewed_goes_on) {
  auto options = with_lease();
  options.address_lifetime = 2s;
  auto router = a_claiming_master(options);
  for (int ms = 1100; ms <= 2400; ms += 100) router.on_time(at(ms));
  for (int ms = 2500; ms <= 3900; ms += 100) {
    const auto step = router.on_time(at(ms));
    EXPECT_TRUE(!has<HoldAddresses>(step) ||
                std::get<HoldAddresses>(step.actions.back()).lifetime <= at(4000) - at(ms));
  }
  const auto step = router.on_claim(at(3950), at(7000));
  EXPECT_EQ(words(step), Words{"hold the addresses for 2000 ms"}) << "they ended with the claim until now";
  EXPECT_FALSE(router.on_time(at(4000)).transition);
}

TEST(RouterClaim, that_is_lost_ends_mastership) {
  auto router = a_claiming_master();
  const auto step = router.on_claim(at(1050), std::nullopt);
  EXPECT_EQ(words(step), (Words{"send an advert of priority 0", "drop the addresses"}));
  EXPECT_EQ(reason(step), "the lease was lost, or is somebody else's");
}

TEST(RouterClaim, is_given_back_by_every_other_way_out) {
  EXPECT_EQ(words(a_claiming_master().stop(at(1050))).back(), "give the claim back");
  EXPECT_EQ(words(a_claiming_master().on_standing(at(1050), faulty())).back(), "give the claim back");
  EXPECT_EQ(words(a_claiming_master().on_standing(at(1050), sick())).back(), "give the claim back");
  EXPECT_EQ(words(a_claiming_master().on_advert(at(1050), from_22(200))).back(), "give the claim back");
  EXPECT_EQ(words(a_claiming_master().on_time(at(3000))).back(), "give the claim back") << "a pause";
  auto waiting = a_backup(with_lease());
  waiting.on_time(at(400));
  EXPECT_EQ(words(waiting.stop(at(401))).back(), "give the claim back");
}

// The lower priority has the claim, and no advert of ours would ever come if it must be ours first.
TEST(RouterClaim, held_by_a_lower_priority_is_asked_for_by_an_advert) {
  auto router = a_backup(with_lease());
  for (int ms = 100; ms <= 300; ms += 100) router.on_advert(at(ms), from_22(50));
  EXPECT_EQ(words(router.on_time(at(361))), Words{"claim"});
  const auto step = router.on_claim(at(365), std::nullopt);
  EXPECT_EQ(words(step), Words{"send an advert of priority 100"});
  EXPECT_EQ(router.view().state, State::backup);
  EXPECT_EQ(step.wake_at, at(565));
}

TEST(RouterClaim, held_by_a_lower_priority_stays_there_with_nopreempt_unless_it_is_sick) {
  auto options = with_lease();
  options.preempt = false;
  auto router = a_backup(options);
  router.on_advert(at(100), from_22(priority_sick));
  EXPECT_EQ(words(router.on_time(at(170))), Words{"claim"});
  EXPECT_EQ(words(router.on_claim(at(175), std::nullopt)), Words{"send an advert of priority 100"});
  EXPECT_TRUE(router.on_advert(at(180), from_22(50)).actions.empty());
  EXPECT_FALSE(router.view().is_ready);
}

TEST(RouterClaim, needed_from_now_on_must_come_soon) {
  auto options = an_instance();
  options.address_lifetime = 300ms;
  auto router = a_master(options);
  options.needs_claim = true;
  EXPECT_EQ(words(router.reconfigure(at(1010), options)), Words{"claim"});
  EXPECT_EQ(router.view().state, State::master);
  EXPECT_TRUE(router.on_time(at(1310)).transition);
  EXPECT_EQ(router.view().state, State::backup);
}

}  // namespace
}  // namespace holdfast::vrrp
