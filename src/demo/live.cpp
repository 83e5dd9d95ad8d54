#include "demo/live.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>

#include "demo/cluster.hpp"
#include "demo/screen.hpp"
#include "demo/view.hpp"

namespace holdfast::demo {
namespace {

constexpr milliseconds frame = 200ms;
constexpr seconds stop_limit = 30s;
constexpr std::size_t events_kept = 100;

// Gaps of a load, followed without looking at all of it again for every frame.
class GapMeter {
 public:
  void look(const std::vector<BootInstant>& fresh) {
    for (const auto at : fresh) {
      if (last_ != BootInstant{}) {
        const nanoseconds gap = at - last_;
        if (gap > 100ms) last_gap_ = gap;
        longest_ = std::max(longest_, gap);
      }
      last_ = at;
    }
  }
  nanoseconds last_gap() const { return last_gap_; }
  nanoseconds longest() const { return longest_; }
  BootInstant last() const { return last_; }

 private:
  BootInstant last_{};
  nanoseconds last_gap_{};
  nanoseconds longest_{};
};

class Live {
 public:
  Live(const asio::any_io_executor& executor, Options options)
      : executor_{executor}, options_{std::move(options)}, tasks_{executor} {}

  awaitable<int> run();

 private:
  awaitable<Result<void>> bring_up();
  awaitable<void> show();
  awaitable<void> start_load();
  awaitable<void> press(char key);
  awaitable<void> act(std::string plan_name);
  awaitable<void> revive();
  Picture picture();
  LoadRow load_row(drill::Load load, GapMeter& meter);
  void tell(std::string text) {
    scene_->observer().chronicle().tell(std::move(text), BootClock::now(), true);
  }

  asio::any_io_executor executor_;
  Options options_;
  async::TaskGroup tasks_;  // what keys have begun
  std::optional<Stage> stage_;
  std::unique_ptr<drill::Hands> hands_;
  std::unique_ptr<drill::Scene> scene_;
  std::string doing_;
  std::vector<NodeRow> nodes_;
  BootInstant nodes_seen_{};
  BootInstant started_ = BootClock::now();
  GapMeter write_gaps_;
  GapMeter read_gaps_;
  bool quit_ = false;
};

std::string connect_line(const drill::Places& places) {
  std::string hosts;
  for (const auto& address : places.writes()) hosts += (hosts.empty() ? "" : ",") + address.host;
  const int write = places.writes().front().port;
  const int read = places.reads().front().port;
  return fmt::format("PGPASSWORD={} psql -h {} -p {} -U {} postgres    (reads: -p {})",
                     places.login.password.reveal(), hosts, write, places.login.user, read);
}

awaitable<Result<void>> Live::bring_up() {
  const std::string data = options_.data.empty() ? default_data() : options_.data;
  stage_.emplace(executor_, Layout{.data = data, .network = options_.network}, own_program());
  auto prepared = stage_->prepare();
  if (!prepared) co_return prepared;
  const auto left_over = co_await stage_->sweep();
  if (left_over > 0) fmt::print("ended {} processes that an earlier demo left behind\n", left_over);
  if (options_.fresh) {
    const Layout layout{.data = data, .network = options_.network};
    stage_->remove_data();
    co_await stage_->close();
    stage_.emplace(executor_, layout, own_program());
    prepared = stage_->prepare();
    if (!prepared) co_return prepared;
  }
  auto is_ready = stage_->make_room();
  if (!is_ready) co_return is_ready;
  fmt::print("\nThe configuration of all five nodes, {}:\n\n{}\n", stage_->layout().config_file(),
             print_config(stage_->layout(), true));
  fmt::print("{}\n", about_network(stage_->layout()));
  auto places = read_places(stage_->layout());
  if (!places) co_return tl::unexpected(places.error());
  hands_ = drill::local_hands(stage_->traits());
  scene_ = std::make_unique<drill::Scene>(executor_, *places, load_options(*places), *hands_);
  for (const auto& node : all_nodes()) {
    auto started = stage_->start(node);
    if (!started) co_return started;
  }
  scene_->observe();
  co_return Result<void>{};
}

awaitable<void> Live::start_load() {
  doing_ = "bringing up the cluster…";
  auto left = co_await scene_->wait_until_healthy(180s);
  doing_.clear();
  if (!left.empty()) tell("it is not whole yet: " + left.front());
  for (;;) {
    auto loaded = co_await scene_->load(30s);
    if (loaded) co_return;
    tell("no load yet: " + loaded.error().context);
  }
}

awaitable<void> Live::act(std::string plan_name) {
  const auto* plan = drill::find_plan(plan_name);
  const auto victim = drill::victim_of(*plan, scene_->observer().now());
  if (!victim) {
    tell("there is nobody to hit now");
    co_return;
  }
  doing_ = fmt::format("{} {}…", plan_name, *victim);
  Result<void> done;
  if (plan->victim) {
    const drill::Blow blow{*victim, *plan->victim, plan->deed};
    done = co_await scene_->strike(blow);
  } else {
    done = co_await scene_->switch_over(*victim);
  }
  if (!done) tell(to_string(done.error()));
  doing_.clear();
}

awaitable<void> Live::revive() {
  for (const auto& node : all_nodes()) {
    if (stage_->is_frozen(node)) {
      const drill::Blow blow{node, drill::Victim::node, drill::Deed::thaw};
      auto woken = co_await scene_->strike(blow);
      if (!woken) tell(to_string(woken.error()));
    } else if (!stage_->is_running(node)) {
      tell("starting " + node);
      auto started = stage_->start(node);
      if (!started) tell(to_string(started.error()));
    }
  }
}

awaitable<void> Live::press(char key) {
  if (key == 'q') quit_ = true;
  if (key == 'r') co_await revive();
  if (!doing_.empty()) co_return;
  if (key == 'k') tasks_.spawn("kill PostgreSQL", act("kill-postgres"));
  if (key == 'n') tasks_.spawn("kill a node", act("kill-node"));
  if (key == 'c') tasks_.spawn("freeze a node", act("freeze-node"));
  if (key == 'p') tasks_.spawn("kill a proxy", act("kill-proxy"));
  if (key == 'h' && stage_->layout().has_own_network()) tasks_.spawn("lose a host", act("kill-proxy-host"));
  if (key == 's') tasks_.spawn("switchover", act("switchover"));
}

LoadRow Live::load_row(drill::Load load, GapMeter& meter) {
  const auto& ledger = scene_->probe().ledger();
  const auto now = BootClock::now();
  meter.look(ledger.moments_since(load, meter.last()));
  LoadRow row{.rate = ledger.count(load, {now - 1s, now}), .total = ledger.count(load)};
  row.errors = ledger.failure_count(load);
  row.last_gap = meter.last_gap();
  row.longest_gap = meter.longest();
  if (meter.last() != BootInstant{}) {
    row.since_last = now - meter.last();
    row.longest_gap = std::max(row.longest_gap, row.since_last);
  }
  return row;
}

Picture Live::picture() {
  const auto now = BootClock::now();
  if (now - nodes_seen_ > 1s) {  // reading /proc costs more than a frame does
    nodes_seen_ = now;
    nodes_.clear();
    for (const auto& node : all_nodes()) {
      const auto life = stage_->is_frozen(node)
                            ? NodeRow::Life::frozen
                            : (stage_->is_running(node) ? NodeRow::Life::running : NodeRow::Life::dead);
      nodes_.push_back({node, address_of(stage_->layout(), node), life});
    }
  }
  const auto& happenings = scene_->observer().chronicle().happenings();
  const auto shown = std::min(happenings.size(), events_kept);
  return {.seen = scene_->observer().now(),
          .nodes = nodes_,
          .writes = load_row(drill::Load::write, write_gaps_),
          .reads = load_row(drill::Load::read, read_gaps_),
          .happenings = {happenings.end() - static_cast<std::ptrdiff_t>(shown), happenings.end()},
          .started = started_,
          .data = stage_->layout().data,
          .connect = connect_line(scene_->observer().places()),
          .doing = doing_};
}

awaitable<void> Live::show() {
  Screen screen;
  while (!quit_) {
    for (const char key : screen.keys()) co_await press(key);
    Picture drawn = picture();
    drawn.width = screen.width();
    drawn.height = screen.height();
    screen.show(draw(drawn));
    co_await async::sleep_for(frame);
  }
}

awaitable<int> Live::run() {
  using namespace asio::experimental::awaitable_operators;
  auto up = co_await bring_up();
  if (up) {
    tasks_.spawn("starting the load", start_load());
    asio::signal_set signals{executor_, SIGINT, SIGTERM, SIGHUP};
    auto showing = show();
    auto waiting = signals.async_wait(as_result);
    co_await (std::move(showing) || std::move(waiting));
    fmt::print("stopping everything; the data stays in {} (start again in seconds, or anew with --fresh)\n",
               stage_->layout().data);
    std::fflush(stdout);
  } else {
    fmt::print(stderr, "holdfast demo: {}\n", to_string(up.error()));
  }
  co_await tasks_.stop();
  if (scene_) co_await scene_->stop();
  if (stage_ && scene_) co_await stage_->stop_all(stop_limit);
  if (stage_) co_await stage_->close();
  co_return up ? 0 : 1;
}

}  // namespace

int run_live(Options options) {
  asio::io_context loop;
  Live live{loop.get_executor(), std::move(options)};
  int code = 1;
  asio::co_spawn(loop, live.run(), [&code](std::exception_ptr failure, int result) {
    if (failure) std::rethrow_exception(failure);
    code = result;
  });
  loop.run();
  return code;
}

}  // namespace holdfast::demo
