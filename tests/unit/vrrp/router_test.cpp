#include "vrrp/router.hpp"

#include "timeline.hpp"

namespace holdfast::vrrp {
namespace {

// ---- start and silence

TEST(Router, listens_for_the_whole_master_down_when_it_starts) {
  Router router{an_instance()};
  const auto step = router.start(at(0), well(100));
  EXPECT_EQ(words(step), Words{"drop the addresses"});
  EXPECT_EQ(step.transition, (Transition{State::init, State::backup, "started"}));
  EXPECT_EQ(step.wake_at, at(down_100));
  EXPECT_EQ(router.view().master_down_interval, 360ms);
}

TEST(Router, becomes_master_when_nobody_speaks) {
  auto router = a_backup();
  EXPECT_FALSE(router.on_time(at(360.9)).transition);
  const auto step = router.on_time(at(down_100));
  EXPECT_EQ(words(step),
            (Words{"send an advert of priority 100", "hold the addresses for 60000 ms", "announce 5 times"}));
  EXPECT_EQ(reason(step), "no other master was heard for 361 ms");
  EXPECT_EQ(step.wake_at, at(down_100 + 100));
}

TEST(Router, tells_who_fell_silent_and_for_how_long) {
  auto router = a_backup();
  router.on_advert(at(100), from_22(150));
  router.on_advert(at(200), from_22(150));
  const auto step = router.on_time(at(200 + down_100));
  EXPECT_EQ(reason(step), "no advert from 10.0.1.22 for 361 ms");
}

TEST(Router, is_skewed_by_its_priority) {
  const auto wake_ms = [](Version version, milliseconds interval, int priority) {
    auto options = an_instance();
    options.version = version;
    options.advert_int = interval;
    Router router{options};
    return std::chrono::duration<double, std::milli>{router.start(at(0), well(priority)).wake_at - at(0)}
        .count();
  };
  EXPECT_DOUBLE_EQ(wake_ms(Version::v3, 1s, 254), 3000 + 7.8125);
  EXPECT_DOUBLE_EQ(wake_ms(Version::v3, 1s, 1), 3000 + 996.09375);
  EXPECT_DOUBLE_EQ(wake_ms(Version::v3, 100ms, 1), 300 + 99.609375);
  EXPECT_DOUBLE_EQ(wake_ms(Version::v2, 2s, 128), 6000 + 500);
}

TEST(Router, waits_by_the_interval_that_a_version_3_master_advertises) {
  auto router = a_backup();
  const auto step = router.on_advert(at(100), from_22(150, 1s));
  EXPECT_EQ(step.wake_at, at(100 + 10 * down_100));
  EXPECT_EQ(router.view().master_advert_int, 1s);
  router.on_advert(at(200), from_22(150, 0ms));
  EXPECT_EQ(router.view().master_advert_int, 10ms) << "nobody is believed to advertise without end";
}

// Two masters met: the one that yields says a last word, and the better one advertises more slowly.
TEST(Router, waits_by_the_longer_interval_when_a_lesser_master_speaks_beside_the_better_one) {
  auto router = a_backup();
  router.on_advert(at(100), from_22(200, 400ms));
  auto lesser = from_20(150);
  lesser.interval = 50ms;
  EXPECT_EQ(router.on_advert(at(101), lesser).wake_at, at(101 + 4 * down_100));
  EXPECT_EQ(router.on_advert(at(151), lesser).wake_at, at(151 + down_100 / 2)) << "it leads after all";
}

TEST(Router, waits_by_its_own_interval_in_version_2) {
  auto options = an_instance();
  options.version = Version::v2;
  options.advert_int = 1s;
  auto router = a_backup(options);
  router.on_advert(at(100), from_22(150, 10s));
  EXPECT_EQ(router.view().master_advert_int, 1s);
}

TEST(Router, takes_as_many_adverts_for_silence_as_configured) {
  auto options = an_instance();
  options.down_timer_adverts = 5;
  Router router{options};
  EXPECT_EQ(router.start(at(0), well()).wake_at, at(down_100 + 200));
}

TEST(Router, of_priority_255_is_master_at_once) {
  Router router{an_instance()};
  const auto step = router.start(at(0), well(255));
  EXPECT_EQ(router.view().state, State::master);
  EXPECT_EQ(step.transition->from, State::init);
  EXPECT_EQ(reason(step), "started; priority 255: the address is ours");
}

TEST(Router, that_starts_as_master_listens_for_one_interval) {
  auto options = an_instance();
  options.starts_as_master = true;
  Router router{options};
  EXPECT_EQ(router.start(at(0), well()).wake_at, at(100 + 60.9375));
  router.on_advert(at(90), from_22(150));
  EXPECT_FALSE(router.on_time(at(200)).transition) << "a better master works";
}

// ---- adverts heard as backup

TEST(Router, takes_over_after_its_skew_from_a_master_that_stops) {
  auto router = a_backup();
  router.on_advert(at(100), from_22(150));
  EXPECT_EQ(router.on_advert(at(200), from_22(0)).wake_at, at(260.9375));
  const auto step = router.on_time(at(260.9375));
  EXPECT_EQ(router.view().state, State::master);
  EXPECT_EQ(reason(step), "10.0.1.22 gave it up (priority 0)");
}

TEST(Router, preempts_a_lower_priority) {
  auto router = a_backup();
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(router.on_advert(at(100 * i), from_22(99)).wake_at, at(down_100));
  EXPECT_EQ(reason(router.on_time(at(down_100))), "10.0.1.22 has priority 99 only, ours is 100");
}

TEST(Router, leaves_a_lower_priority_alone_with_nopreempt) {
  auto options = an_instance();
  options.preempt = false;
  auto router = a_backup(options);
  EXPECT_EQ(router.on_advert(at(100), from_22(99)).wake_at, at(100 + down_100));
}

TEST(Router, lets_an_equal_priority_lead) {
  auto router = a_backup();
  EXPECT_EQ(router.on_advert(at(100), from_20(100)).wake_at, at(100 + down_100));
}

TEST(Router, delays_a_preemption_but_no_takeover) {
  auto options = an_instance();
  options.preempt_delay = 1s;
  auto router = a_backup(options);
  for (int i = 1; i <= 10; ++i) {
    const auto step = router.on_advert(at(100 * i), from_22(99));
    EXPECT_EQ(step.wake_at, at(100 * i + down_100)) << i;
  }
  EXPECT_EQ(router.on_advert(at(1100), from_22(99)).wake_at, at(1000 + down_100)) << "the delay has passed";

  auto other = a_backup(options);
  other.on_advert(at(100), from_22(99));
  EXPECT_TRUE(other.on_time(at(100 + down_100)).transition) << "it fell silent: that is no preemption";
}

// ---- adverts heard as master

TEST(Router, yields_to_a_higher_priority_and_announces_nothing) {
  auto router = a_master();
  const auto step = router.on_advert(at(1050), from_22(101));
  EXPECT_EQ(words(step), (Words{"send an advert of priority 100", "drop the addresses"}));
  EXPECT_EQ(reason(step), "10.0.1.22 has priority 101, ours is 100");
  EXPECT_EQ(step.wake_at, at(1050 + down_100));
}

TEST(Router, of_equal_priority_yields_to_the_higher_address) {
  auto router = a_master();
  EXPECT_FALSE(router.on_advert(at(1050), from_20(100)).transition);
  EXPECT_EQ(reason(router.on_advert(at(1060), from_22(100))),
            "10.0.1.22 has priority 100 as we have, and the higher address");
}

// EC-100: the better one may not have heard us, and announces again when it does.
TEST(Router, does_not_advertise_once_more_to_a_higher_priority_when_told_not_to) {
  auto options = an_instance();
  options.higher_prio_send_advert = false;
  auto router = a_master(options);
  EXPECT_EQ(words(router.on_advert(at(1050), from_22(101))), Words{"drop the addresses"});
}

// EC-100: the caches that the other master filled are filled anew, at once and again later.
TEST(Router, answers_a_lower_priority_and_announces_again) {
  auto options = an_instance();
  options.garp_lower_prio_repeat = 3;
  options.garp_lower_prio_delay = 50ms;
  auto router = a_master(options);
  const auto step = router.on_advert(at(1030), from_22(99));
  EXPECT_TRUE(step.heard_lower_priority);
  EXPECT_FALSE(step.transition);
  EXPECT_EQ(words(step), (Words{"send an advert of priority 100", "announce 3 times"}));
  EXPECT_EQ(step.wake_at, at(1080));
  EXPECT_EQ(words(router.on_advert(at(1040), from_22(99))),
            (Words{"send an advert of priority 100", "announce 1 times"}));
  EXPECT_EQ(words(router.on_time(at(1080))), Words{"announce 3 times"});
  EXPECT_EQ(router.on_time(at(1081)).wake_at, at(1140)) << "it is over, and the next advert is due";
}

TEST(Router, does_not_answer_a_lower_priority_when_told_not_to) {
  auto options = an_instance();
  options.lower_prio_no_advert = true;
  auto router = a_master(options);
  EXPECT_EQ(words(router.on_advert(at(1030), from_22(99))), Words{"announce 5 times"});
  EXPECT_EQ(words(router.on_advert(at(1040), from_22(0))),
            (Words{"send an advert of priority 100", "announce 5 times"}));
}

// ---- a master's duties

TEST(Router, advertises_at_its_interval) {
  auto router = a_master();
  EXPECT_EQ(router.on_time(at(1099)).wake_at, at(1100));
  const auto step = router.on_time(at(1100));
  EXPECT_EQ(words(step), Words{"send an advert of priority 100"});
  EXPECT_EQ(step.wake_at, at(1200));
}

TEST(Router, announces_again_after_the_delay_and_then_at_the_refresh) {
  auto options = an_instance();
  options.garp_master_delay = 30ms;
  options.garp_master_refresh = 60ms;
  options.garp_master_refresh_repeat = 2;
  auto router = a_master(options);
  EXPECT_EQ(router.on_time(at(1001)).wake_at, at(1030));
  EXPECT_EQ(words(router.on_time(at(1030))), Words{"announce 5 times"});
  EXPECT_EQ(words(router.on_time(at(1060))), Words{"announce 2 times"});
  EXPECT_EQ(words(router.on_time(at(1119))), Words{"send an advert of priority 100"});
  EXPECT_EQ(words(router.on_time(at(1120))), Words{"announce 2 times"});
}

// EC-125
TEST(Router, renews_the_addresses_every_third_of_their_lifetime) {
  auto options = an_instance();
  options.address_lifetime = 120ms;
  auto router = a_master(options);
  EXPECT_EQ(words(router.on_time(at(1040))), Words{"hold the addresses for 120 ms"});
  EXPECT_EQ(router.on_time(at(1041)).wake_at, at(1080));
}

TEST(Router, announces_again_when_it_was_so_late_that_the_kernel_ended_the_addresses) {
  auto options = an_instance();
  options.address_lifetime = 120ms;
  auto router = a_master(options);
  EXPECT_EQ(words(router.on_time(at(1200))),
            (Words{"send an advert of priority 100", "hold the addresses for 120 ms", "announce 5 times"}));
}

// ---- own silence

TEST(Router, that_did_not_run_for_long_takes_it_that_somebody_else_leads) {
  auto router = a_master();
  EXPECT_FALSE(router.on_time(at(1400)).transition) << "nobody waits less";
  auto step = router.on_time(at(3500));
  EXPECT_EQ(words(step), Words{"drop the addresses"})
      << "and no priority 0, which would disturb the new master";
  EXPECT_EQ(reason(step), "was paused for 2.1 s: somebody else may be master");
  EXPECT_EQ(step.wake_at, at(3500 + down_100));
  step = router.on_time(at(3500 + down_100));
  EXPECT_TRUE(has<Announce>(step)) << "back as master, it announces";
  EXPECT_TRUE(has<HoldAddresses>(step));
}

TEST(Router, that_was_paused_yields_whatever_comes_first) {
  auto router = a_master();
  auto step = router.on_advert(at(3000), from_22(50));
  EXPECT_EQ(words(step), Words{"drop the addresses"});
  EXPECT_EQ(router.view().state, State::backup);

  router = a_master();
  EXPECT_EQ(words(router.on_standing(at(3000), well(200))), Words{"drop the addresses"});
  router = a_master();
  step = router.on_standing(at(3000), faulty());
  EXPECT_EQ(step.transition->from, State::master);
  EXPECT_EQ(step.transition->to, State::fault);
  EXPECT_FALSE(has<SendAdvert>(step));
  router = a_master();
  EXPECT_FALSE(has<SendAdvert>(router.stop(at(3000))));
}

TEST(Router, that_is_late_for_its_takeover_listens_once_more) {
  auto router = a_backup();
  router.on_advert(at(100), from_22(150));
  const auto step = router.on_time(at(5000));
  EXPECT_FALSE(step.transition) << "the adverts of 10.0.1.22 may wait to be read";
  EXPECT_EQ(step.wake_at, at(5000 + 160.9375));
  EXPECT_TRUE(router.on_time(at(6000)).transition) << "but not for ever";
}

TEST(Router, that_is_late_listens_once_more_whatever_comes_first) {
  auto router = a_backup();
  router.on_standing(at(5000), well(101));
  EXPECT_FALSE(router.on_time(at(5000)).transition);
  router = a_backup();
  router.on_advert(at(5000), from_22(0));
  EXPECT_FALSE(router.on_time(at(5000)).transition);
}

// ---- faults, stop

TEST(Router, gives_the_address_up_on_a_fault_and_comes_back_through_backup) {
  auto router = a_master();
  auto step = router.on_standing(at(1050), faulty());
  EXPECT_EQ(words(step), (Words{"send an advert of priority 0", "drop the addresses"}));
  EXPECT_EQ(reason(step), "interface eth0: carrier lost");
  EXPECT_EQ(step.wake_at, BootInstant::max());
  EXPECT_TRUE(router.on_advert(at(1060), from_22(1)).actions.empty());
  step = router.on_standing(at(1100), well());
  EXPECT_EQ(step.transition, (Transition{State::fault, State::backup, "the fault is over"}));
  EXPECT_EQ(step.wake_at, at(1100 + down_100));
}

TEST(Router, that_owns_the_address_is_master_again_when_its_fault_is_over) {
  auto router = a_backup(an_instance(), faulty());
  EXPECT_EQ(router.view().state, State::fault);
  router.on_standing(at(100), well(255));
  EXPECT_EQ(router.view().state, State::master);
}

TEST(Router, says_goodbye_when_it_stops) {
  auto router = a_master();
  const auto step = router.stop(at(1050));
  EXPECT_EQ(words(step), (Words{"send an advert of priority 0", "drop the addresses"}));
  EXPECT_EQ(router.view().state, State::init);
  EXPECT_EQ(step.wake_at, BootInstant::max());
  EXPECT_TRUE(router.on_time(at(2000)).actions.empty());
}

TEST(Router, that_was_backup_says_nothing_when_it_stops) {
  auto router = a_backup();
  EXPECT_EQ(words(router.stop(at(50))), Words{"drop the addresses"});
}

// ---- priorities and options that change

TEST(Router, tells_a_changed_priority_at_once) {
  auto router = a_master();
  EXPECT_EQ(words(router.on_standing(at(1050), well(80))), Words{"send an advert of priority 80"});
  auto same = well(80);
  same.why = "other words";
  EXPECT_TRUE(router.on_standing(at(1060), same).actions.empty());
  EXPECT_EQ(router.view().standing.why, "other words");
}

TEST(Router, moves_its_master_down_with_its_priority) {
  auto router = a_backup();
  EXPECT_EQ(router.on_standing(at(50), well(228)).wake_at, at(down_100 - 50));
}

TEST(Router, stays_master_through_a_change_of_options) {
  auto router = a_master();
  auto options = an_instance();
  options.advert_int = 50ms;
  options.address_lifetime = 30s;
  const auto step = router.reconfigure(at(1010), options);
  EXPECT_EQ(words(step), (Words{"send an advert of priority 100", "hold the addresses for 30000 ms"}));
  EXPECT_FALSE(step.transition);
  EXPECT_EQ(step.wake_at, at(1060));
}

TEST(Router, waits_by_changed_options_as_if_they_had_always_been_so) {
  auto router = a_backup();
  auto options = an_instance();
  options.advert_int = 200ms;
  EXPECT_EQ(router.reconfigure(at(100), options).wake_at, at(2 * down_100));
}

// ---- sick

TEST(Router, that_turns_sick_offers_the_address_and_takes_it_back_when_nobody_wants_it) {
  auto router = a_master();
  auto step = router.on_standing(at(1050), sick());
  EXPECT_EQ(words(step), (Words{"send an advert of priority 0", "drop the addresses"}));
  EXPECT_EQ(reason(step), "offers the address to anybody healthy: proxy lb1 has ended");
  EXPECT_EQ(step.wake_at, at(1050 + 300 + 99.609375));
  step = router.on_time(at(1450));
  EXPECT_EQ(reason(step), "nobody healthier answered: address kept although proxy lb1 has ended");
  EXPECT_EQ(words(step).front(), "send an advert of priority 1");
  auto other_words = sick();
  other_words.why = "proxy lb1 does not start";
  EXPECT_FALSE(router.on_standing(at(1460), other_words).transition) << "once is enough";
}

TEST(Router, that_is_well_again_says_so) {
  auto router = a_master();
  router.on_standing(at(1050), sick());
  router.on_time(at(1450));
  EXPECT_EQ(words(router.on_standing(at(1460), well())), Words{"send an advert of priority 100"});
  EXPECT_TRUE(router.on_standing(at(1470), sick()).transition) << "sick anew, it offers anew";
}

TEST(Router, takes_over_from_a_sick_master_even_with_nopreempt) {
  auto options = an_instance();
  options.preempt = false;
  options.preempt_delay = 10s;
  auto router = a_backup(options);
  router.on_advert(at(100), from_22(150));
  EXPECT_EQ(router.on_advert(at(200), from_22(priority_sick)).wake_at, at(260.9375));
  EXPECT_EQ(reason(router.on_time(at(261))), "10.0.1.22 says that its service is down (priority 1)");
}

TEST(Router, that_is_sick_leaves_another_sick_one_alone) {
  auto router = a_backup(an_instance(), sick());
  EXPECT_EQ(router.on_advert(at(100), from_22(priority_sick)).wake_at, at(100 + 300 + 99.609375));
}

TEST(Router, that_was_sick_from_the_start_says_so_when_it_must_lead) {
  auto router = a_backup(an_instance(), sick());
  EXPECT_EQ(reason(router.on_time(at(400))),
            "nobody healthier answered: address taken although proxy lb1 has ended");
}

// ---- in a group

TEST(Router, waits_ready_until_it_may_lead) {
  auto router = a_backup();
  router.permit(at(10), false);
  auto step = router.on_time(at(400));
  EXPECT_TRUE(step.actions.empty());
  EXPECT_EQ(step.wake_at, BootInstant::max());
  EXPECT_TRUE(router.view().is_ready);
  router.on_advert(at(410), from_22(200));
  EXPECT_FALSE(router.view().is_ready);
  router.on_time(at(780));
  EXPECT_EQ(reason(router.permit(at(800), true)), "no advert from 10.0.1.22 for 370 ms");
}

TEST(Router, follows_its_group) {
  auto router = a_backup();
  EXPECT_EQ(reason(router.force(at(10), State::master, "the group leads")), "the group leads");
  EXPECT_EQ(words(router.force(at(20), State::backup, "the group does not")),
            (Words{"send an advert of priority 0", "drop the addresses"}));
  EXPECT_FALSE(router.force(at(30), State::backup, "again").transition);
  EXPECT_EQ(router.force(at(40), State::fault, "a fault").transition->to, State::fault);
  EXPECT_FALSE(router.force(at(50), State::master, "no").transition);
}

}  // namespace
}  // namespace holdfast::vrrp
