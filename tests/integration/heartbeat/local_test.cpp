#include "heartbeat/local.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include "async/task_group.hpp"
#include "integration/play.hpp"

namespace holdfast::heartbeat {
namespace {

using Local = asio::local::stream_protocol;

std::string an_address() {
  static int count = 0;
  return local_address("test" + std::to_string(getpid()), std::to_string(count++), "proxy");
}

// A publisher and a subscriber on one loop, and what the subscriber has heard.
class LocalStream : public ::testing::Test {
 protected:
  void speak() {
    auto opened = LocalPublisher::open(loop_.get_executor(), address_, [this] { return now_; });
    if (!opened) throw std::runtime_error{to_string(opened.error())};
    publisher_ = *std::move(opened);
  }
  void listen(std::vector<uid_t> users = {geteuid()}) {
    subscriber_ = std::make_unique<LocalSubscriber>(
        loop_.get_executor(), address_, "proxy", std::move(users),
        [this](const Wellbeing& wellbeing) { heard_.push_back(wellbeing); });
  }
  bool hears(const Wellbeing& wanted) {
    return run_until([&] { return !heard_.empty() && heard_.back() == wanted; });
  }
  bool run_until(const std::function<bool()>& condition) {
    const auto deadline = BootClock::now() + 20s;
    while (!condition() && BootClock::now() < deadline) {
      loop_.restart();
      loop_.run_one_for(20ms);
    }
    return condition();
  }
  void silence() {
    testing::play(&loop_, publisher_->stop(), 20s);
    publisher_.reset();
  }
  void TearDown() override {
    if (subscriber_) testing::play(&loop_, subscriber_->stop(), 20s);
    if (publisher_) silence();
  }

  const Wellbeing well_{.is_well = true, .why = {}};
  std::string address_ = an_address();
  asio::io_context loop_;
  Wellbeing now_ = well_;
  std::unique_ptr<LocalPublisher> publisher_;
  std::unique_ptr<LocalSubscriber> subscriber_;
  std::vector<Wellbeing> heard_;
};

TEST_F(LocalStream, tells_every_change_once) {
  speak();
  listen();
  ASSERT_TRUE(hears(well_));
  now_ = {.is_well = false, .why = "it is draining"};
  publisher_->push();
  ASSERT_TRUE(hears({.is_well = false, .why = "it is draining"}));
  now_ = well_;
  ASSERT_TRUE(hears(well_)) << "also without a push";
  EXPECT_EQ(heard_.size(), 3U);
}

TEST_F(LocalStream, its_end_is_the_end_of_the_speaker_who_may_come_back) {
  speak();
  listen();
  ASSERT_TRUE(hears(well_));
  silence();
  ASSERT_TRUE(hears({.is_well = false, .why = "the proxy has ended"}));
  speak();
  ASSERT_TRUE(hears(well_));
  EXPECT_EQ(heard_.size(), 3U) << "while nobody was there, nothing new was said";
}

TEST_F(LocalStream, who_was_never_there_is_said_not_to_run) {
  listen();
  EXPECT_TRUE(hears({.is_well = false, .why = "no proxy runs on this host"}));
}

TEST_F(LocalStream, who_runs_as_somebody_else_is_not_believed) {
  speak();
  listen({geteuid() + 1});
  EXPECT_TRUE(hears(
      {.is_well = false, .why = "what says to be the proxy runs as user " + std::to_string(geteuid())}));
}

TEST_F(LocalStream, an_address_has_one_speaker) {
  speak();
  const auto second = LocalPublisher::open(loop_.get_executor(), address_, [this] { return now_; });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::refused);
  silence();
  EXPECT_NO_THROW(speak()) << "it is free again";
}

TEST_F(LocalStream, whoever_fills_the_speakers_hall_fills_it_for_himself_and_only_so_far) {
  speak();
  std::vector<std::unique_ptr<Local::socket>> idlers;
  for (int i = 0; i < 100; ++i) {
    idlers.push_back(std::make_unique<Local::socket>(loop_));
    idlers.back()->connect(Local::endpoint{address_});
  }
  std::size_t shown_out = 0;
  const auto count_the_shown_out = [&] {
    shown_out = static_cast<std::size_t>(std::ranges::count_if(idlers, [](const auto& idler) {
      char byte = 0;
      return ::recv(idler->native_handle(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
    }));
    return shown_out == 92;
  };
  EXPECT_TRUE(run_until(count_the_shown_out)) << shown_out;
  idlers.clear();
  listen();
  EXPECT_TRUE(hears(well_));
}

// Who has the address and says whatever the test likes, or nothing.
class Impostor {
 public:
  Impostor(const asio::any_io_executor& executor, const std::string& address, std::string text)
      : acceptor_{executor, Local::endpoint{address}}, text_{std::move(text)}, tasks_{executor} {
    tasks_.spawn("impostor", talk());
  }
  awaitable<void> stop() { return tasks_.stop(); }

 private:
  awaitable<void> talk() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(text_), as_result);
      guests_.push_back(std::move(socket));
    }
  }

  Local::acceptor acceptor_;
  std::string text_;
  std::vector<Local::socket> guests_;
  async::TaskGroup tasks_;
};

TEST_F(LocalStream, a_speaker_that_falls_silent_is_frozen) {
  Impostor impostor{loop_.get_executor(), address_, "well\n"};
  listen();
  ASSERT_TRUE(hears(well_));
  EXPECT_TRUE(hears({.is_well = false, .why = "the proxy has said nothing for 500 ms: it is frozen"}));
  testing::play(&loop_, impostor.stop(), 20s);
}

TEST_F(LocalStream, what_nobody_understands_is_no_sign_of_health) {
  Impostor impostor{loop_.get_executor(), address_, "well, well\n"};
  listen();
  EXPECT_TRUE(hears({.is_well = false, .why = "the proxy says what nobody understands"}));
  testing::play(&loop_, impostor.stop(), 20s);
}

TEST_F(LocalStream, a_line_without_end_is_not_waited_for) {
  Impostor impostor{loop_.get_executor(), address_, std::string(1'000'000, 'w')};
  listen();
  ASSERT_TRUE(run_until([&] { return !heard_.empty(); }));
  EXPECT_FALSE(heard_.back().is_well);
  testing::play(&loop_, impostor.stop(), 20s);
}

}  // namespace
}  // namespace holdfast::heartbeat
