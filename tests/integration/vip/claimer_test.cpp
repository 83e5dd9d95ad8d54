#include "vip/claimer.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>

#include "dcs/memory_async/store.hpp"
#include "integration/play.hpp"

namespace holdfast::vip {
namespace {

constexpr const char* key = "/service/main/holdfast/vip/VI_1";

// A store that can hang (until its caller has had enough of it) or be slow.
class Lazy : public dcs::Store {
 public:
  explicit Lazy(dcs::Store* store) : store_{store} {}

  bool hangs = false;
  milliseconds delay{0};
  int grants = 0;

  awaitable<Result<dcs::Snapshot>> range(std::string prefix) override {
    co_await wait();
    auto answer = co_await store_->range(std::move(prefix));
    co_return answer;
  }
  awaitable<Result<dcs::TxnResult>> txn(dcs::Txn txn) override {
    co_await wait();
    auto answer = co_await store_->txn(std::move(txn));
    co_return answer;
  }
  awaitable<Result<dcs::LeaseId>> grant(seconds ttl) override {
    ++grants;
    co_await wait();
    auto answer = co_await store_->grant(ttl);
    co_return answer;
  }
  awaitable<Result<seconds>> keepalive(dcs::LeaseId lease) override {
    co_await wait();
    auto answer = co_await store_->keepalive(lease);
    co_return answer;
  }
  awaitable<Result<void>> revoke(dcs::LeaseId lease) override {
    co_await wait();
    auto answer = co_await store_->revoke(lease);
    co_return answer;
  }
  awaitable<Result<std::unique_ptr<dcs::Watch>>> watch(std::string prefix, dcs::Revision from) override {
    return store_->watch(std::move(prefix), from);
  }
  awaitable<Result<dcs::StoreStatus>> status() override { return store_->status(); }
  awaitable<Result<void>> move_leader(std::uint64_t member) override { return store_->move_leader(member); }

 private:
  awaitable<void> wait() {
    if (hangs) co_await async::sleep_for(1h);
    if (delay > 0ms) co_await async::sleep_for(delay);
  }
  dcs::Store* store_;
};

// One host that claims, and what it was answered last.
struct Claimant {
  Claimant(const asio::any_io_executor& executor, dcs::Store* memory, const char* name, milliseconds ttl)
      : store{memory},
        claimer{executor, &store, ClaimOptions{.key = key, .holder = name, .ttl = ttl},
                [this](std::optional<BootInstant> answered) {
                  ++answers;
                  until = answered;
                  if (until && unclaims_at_once) claimer.unclaim();
                  if (on_answer) on_answer();
                }} {}

  bool is_holder() const { return until && *until > BootClock::now(); }

  Lazy store;
  int answers = 0;
  std::optional<BootInstant> until;
  bool unclaims_at_once = false;
  std::function<void()> on_answer;
  Claimer claimer;
};

class Claims : public ::testing::Test {
 protected:
  bool run_until(const std::function<bool()>& condition) {
    const auto deadline = BootClock::now() + 20s;
    while (!condition() && BootClock::now() < deadline) {
      loop_.restart();
      loop_.run_one_for(20ms);
    }
    return condition();
  }
  void stop(Claimant& claimant) { testing::play(&loop_, claimant.claimer.stop(), 20s); }
  // As the store has it; "": nobody.
  std::string holder() {
    memory_.kv().expire(BootClock::now());
    const auto found = memory_.kv().range(key);
    const auto* there = found.find(key);
    if (there == nullptr) return {};
    return std::string{boost::json::parse(there->value).at("holder").as_string()};
  }

  asio::io_context loop_;
  dcs::MemoryStore memory_{loop_.get_executor()};
  Claimant one_{loop_.get_executor(), &memory_, "lb1", 1s};
  Claimant two_{loop_.get_executor(), &memory_, "lb2", 1s};

  void TearDown() override {
    one_.store.hangs = two_.store.hangs = false;
    memory_.fail_with(std::nullopt);
    stop(one_);
    stop(two_);
  }
};

TEST_F(Claims, the_first_has_it_and_keeps_it) {
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  EXPECT_EQ(holder(), "lb1");
  const auto first = *one_.until;
  ASSERT_TRUE(run_until([&] { return one_.until && *one_.until > first + 2s; }));
  EXPECT_EQ(one_.store.grants, 1) << "renewed, not taken again";
}

TEST_F(Claims, it_is_worth_less_than_its_lease_from_before_it_was_asked_for) {
  one_.store.delay = 100ms;
  const auto asked = BootClock::now();
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.until.has_value(); }));
  EXPECT_LT(*one_.until - BootClock::now(), 1s - 100ms);
  EXPECT_GT(*one_.until, asked);
}

TEST_F(Claims, whose_claim_is_somebody_elses_is_told_so_once_for_each_question) {
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  two_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return two_.answers == 1; }));
  EXPECT_FALSE(two_.until);
  const auto seen = *one_.until;
  ASSERT_TRUE(run_until([&] { return *one_.until > seen + 300ms; }));
  EXPECT_EQ(two_.answers, 1);
  two_.claimer.claim();
  EXPECT_TRUE(run_until([&] { return two_.answers == 2; }));
}

TEST_F(Claims, what_is_given_back_is_free_at_once) {
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  one_.claimer.unclaim();
  ASSERT_TRUE(run_until([&] { return holder().empty(); }));
  two_.claimer.claim();
  EXPECT_TRUE(run_until([&] { return two_.is_holder(); }));
}

TEST_F(Claims, who_wants_it_no_more_while_it_is_taken_leaves_nothing_behind) {
  one_.store.delay = 30ms;
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.store.grants == 1; }));
  one_.claimer.unclaim();
  ASSERT_TRUE(run_until([&] { return !holder().empty(); }));
  EXPECT_TRUE(run_until([&] { return holder().empty(); }));
  EXPECT_EQ(one_.answers, 0);
}

TEST_F(Claims, an_answer_may_give_it_back) {
  one_.unclaims_at_once = true;
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.answers == 1; }));
  EXPECT_TRUE(run_until([&] { return holder().empty(); }));
}

TEST_F(Claims, an_orderly_stop_gives_it_back_even_in_the_middle_of_doing_so) {
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  one_.store.delay = 50ms;
  one_.claimer.unclaim();
  loop_.restart();
  loop_.run_for(10ms);  // the goodbye is on its way
  stop(one_);
  EXPECT_EQ(holder(), "");
}

TEST_F(Claims, a_lease_that_was_taken_from_us_is_lost_and_can_be_had_again) {
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  const auto found = memory_.kv().range(key);
  ASSERT_TRUE(memory_.kv().revoke(found.find(key)->lease));
  ASSERT_TRUE(run_until([&] { return !one_.until; }));
  one_.claimer.claim();
  EXPECT_TRUE(run_until([&] { return one_.is_holder(); }));
}

TEST_F(Claims, a_claim_of_an_earlier_life_is_ours_to_replace) {
  const auto old = memory_.kv().grant(1h, BootClock::now());
  ASSERT_TRUE(memory_.kv().apply({.success = {dcs::Put{key, R"({"holder":"lb1"})", old}}}, BootClock::now()));
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  ASSERT_TRUE(memory_.kv().revoke(old));
  EXPECT_EQ(holder(), "lb1");
}

TEST_F(Claims, a_store_that_hangs_costs_the_claim_when_its_time_is_over_and_not_an_answer_before) {
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  one_.store.hangs = true;
  const auto end = *one_.until;
  ASSERT_TRUE(run_until([&] { return !one_.until; }));
  EXPECT_GE(BootClock::now(), end);
  EXPECT_LT(BootClock::now(), end + 10s) << "not when the store would have answered";
  one_.store.hangs = false;
  one_.claimer.claim();
  EXPECT_TRUE(run_until([&] { return one_.is_holder(); })) << "what hung is over";
}

TEST_F(Claims, a_request_that_hangs_is_not_the_only_try_within_a_lease) {
  one_.claimer.claim();
  ASSERT_TRUE(run_until([&] { return one_.is_holder(); }));
  const auto before = one_.answers;
  one_.store.hangs = true;
  loop_.restart();
  loop_.run_for(200ms);  // the next renewal hangs by now
  one_.store.hangs = false;
  const auto end = *one_.until;
  ASSERT_TRUE(run_until([&] { return one_.answers > before; }));
  EXPECT_TRUE(one_.until);
  EXPECT_LT(BootClock::now(), end);
}

TEST_F(Claims, while_the_store_is_away_nobody_is_told_anything_and_the_wish_stays) {
  memory_.fail_with(Errc::unavailable);
  one_.claimer.claim();
  loop_.restart();
  loop_.run_for(300ms);
  EXPECT_EQ(one_.answers, 0);
  memory_.fail_with(std::nullopt);
  EXPECT_TRUE(run_until([&] { return one_.is_holder(); }));
}

// Whatever they want, and whatever the store does, by their own clocks they never both have it.
TEST_F(Claims, two_never_have_it_at_once) {
  bool overlap = false;
  const auto look = [&] { overlap = overlap || (one_.is_holder() && two_.is_holder()); };
  one_.on_answer = two_.on_answer = look;
  std::mt19937 random{51};
  int changes = 0;
  std::string last;
  const auto end = BootClock::now() + 6s;
  while (BootClock::now() < end) {
    auto& claimant = random() % 2 == 0 ? one_ : two_;
    switch (random() % 6) {
      case 0:
        claimant.claimer.unclaim();
        claimant.until.reset();
        break;
      case 1:
        claimant.store.delay = milliseconds{random() % 40};
        break;
      case 2:
        claimant.store.hangs = random() % 4 == 0;
        break;
      default:
        claimant.claimer.claim();
    }
    loop_.restart();
    loop_.run_for(milliseconds{random() % 30});
    look();
    changes += holder() != last ? 1 : 0;
    last = holder();
  }
  EXPECT_FALSE(overlap);
  EXPECT_GT(changes, 10) << "nothing happened";
}

}  // namespace
}  // namespace holdfast::vip
