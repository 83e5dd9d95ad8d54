#include "demo/check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "demo/cluster.hpp"

namespace holdfast::demo {
namespace {

constexpr seconds start_limit = 180s;
constexpr seconds heal_limit = 120s;
constexpr seconds stop_limit = 30s;

class Check {
 public:
  Check(const asio::any_io_executor& executor, Options options)
      : executor_{executor}, options_{std::move(options)}, began_{BootClock::now()} {}

  awaitable<int> run();

 private:
  awaitable<Result<bool>> measure();
  awaitable<Result<bool>> measure_until_interrupted();
  awaitable<Result<void>> bring_up();
  awaitable<Result<void>> break_it();
  awaitable<Result<void>> run_step(std::string name);
  awaitable<Result<bool>> verdict();
  awaitable<void> tear_down(bool is_good);
  void say(const std::string& line) const;

  asio::any_io_executor executor_;
  Options options_;
  BootInstant began_;
  std::optional<Stage> stage_;
  std::unique_ptr<drill::Hands> hands_;
  std::unique_ptr<drill::Scene> scene_;
  std::vector<drill::Step> steps_;
};

void Check::say(const std::string& line) const {
  const auto since = std::chrono::duration<double>(BootClock::now() - began_).count();
  fmt::print("{:7.1f} s  {}\n", since, line);
  std::fflush(stdout);
}

// Several checks may run on one machine: the first network that is free.
Result<std::string> free_network(const asio::any_io_executor& executor, const std::string& data) {
  if (Wires::are_possible()) {
    for (int third = 77; third < 87; ++third) {
      if (auto network = fmt::format("198.18.{}", third); Wires::is_free(network)) return network;
    }
  }
  Result<void> last;
  for (int third = 77; third < 87; ++third) {
    Layout layout{.data = data, .network = fmt::format("127.0.{}", third)};
    last = Stage{executor, layout, ""}.check_ports();
    if (last) return layout.network;
  }
  return tl::unexpected(last.error());
}

Result<std::string> temporary_directory() {
  const char* base = std::getenv("TMPDIR");
  std::string path = std::string{base == nullptr ? "/tmp" : base} + "/holdfast-demo-check-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return async::fail_with_errno("making " + path, errno);
  return path;
}

awaitable<Result<void>> Check::bring_up() {
  if (options_.data.empty()) {
    auto made = temporary_directory();
    if (!made) co_return tl::unexpected(made.error());
    options_.data = *made;
  }
  if (options_.network.empty()) {
    auto network = free_network(executor_, options_.data);
    if (!network) co_return tl::unexpected(network.error());
    options_.network = *network;
  }
  stage_.emplace(executor_, Layout{.data = options_.data, .network = options_.network}, own_program());
  auto prepared = stage_->prepare();
  if (!prepared) co_return prepared;
  co_await stage_->sweep();
  auto is_ready = stage_->make_room();
  if (!is_ready) co_return is_ready;
  say(fmt::format("starting pg1, pg2, pg3, lb1, lb2 on {}.11 to .15, data and logs in {}",
                  stage_->layout().network, options_.data));
  say(about_network(stage_->layout()));
  for (const auto& node : all_nodes()) {
    auto started = stage_->start(node);
    if (!started) co_return started;
  }
  auto places = read_places(stage_->layout());
  if (!places) co_return tl::unexpected(places.error());
  hands_ = drill::local_hands(stage_->traits());
  scene_ = std::make_unique<drill::Scene>(executor_, *places, load_options(*places), *hands_);
  scene_->observe();
  auto left = co_await scene_->wait_until_healthy(start_limit);
  if (!left.empty())
    co_return fail(Errc::timed_out,
                   "the cluster did not come up: " + fmt::format("{}", fmt::join(left, "; ")));
  say(fmt::format("all healthy: {} is primary", scene_->observer().now().leader));
  co_return Result<void>{};
}

// Who has now what the victim had.
std::string successor_of(const drill::Plan& plan, const drill::Observation& seen) {
  if (plan.whom != drill::Whom::vip_holder) return seen.leader;
  const auto* holder = seen.vip_holder();
  return holder == nullptr ? "" : holder->name;
}

awaitable<Result<void>> Check::run_step(std::string name) {
  const auto* plan = drill::find_plan(name);
  const auto victim = drill::victim_of(*plan, scene_->observer().now()).value_or("");
  say(fmt::format("{}: {} ({})", name, plan->summary, victim));
  auto begun = co_await scene_->begin(*plan, 10s);
  if (!begun) co_return tl::unexpected(begun.error());
  drill::Step step = std::move(*begun);
  if (!plan->returns_alone) {
    const auto dead = step.window.from;
    drill::Scene::Condition flowing = [this, plan, dead, victim] {
      const auto& writes = scene_->probe().ledger().writes();
      const auto& seen = scene_->observer().now();
      const bool has_moved = successor_of(*plan, seen) != victim && seen.primary() != nullptr;
      return has_moved && !writes.empty() && writes.back().at > dead + 1s;
    };
    const bool moved = co_await scene_->wait_for(std::move(flowing), heal_limit);
    if (!moved) co_return fail(Errc::timed_out, "nobody took over from " + victim);
    say(fmt::format("{} took over; starting {} again", successor_of(*plan, scene_->observer().now()),
                    victim));
    auto started = stage_->start(victim);
    if (!started) co_return started;
  }
  co_await scene_->finish(step, heal_limit);
  say(fmt::format(
      "{}: longest write gap {}, read gap {}; {}", name, drill::print_seconds(step.write_gap.length()),
      drill::print_seconds(step.read_gap.length()),
      step.is_back() ? "all back, " + scene_->observer().now().leader + " is primary" : "NOT BACK"));
  for (const auto& doubt : step.left) say("  " + doubt);
  const bool is_back = step.is_back();
  steps_.push_back(std::move(step));
  if (!is_back) co_return fail(Errc::timed_out, "the cluster did not get well after " + name);
  co_return Result<void>{};
}

awaitable<Result<void>> Check::break_it() {
  auto loaded = co_await scene_->load(30s);
  if (!loaded) co_return loaded;
  drill::Scene::Condition warm = [this] { return scene_->probe().ledger().count(drill::Load::write) >= 300; };
  const bool is_warm = co_await scene_->wait_for(std::move(warm), 60s);
  if (!is_warm) co_return fail(Errc::timed_out, "no load: fewer than 300 writes in a minute");
  std::vector<std::string> names{"kill-postgres", "kill-node", "switchover"};
  if (stage_->layout().has_own_network()) names.insert(names.end(), {"kill-proxy", "kill-proxy-host"});
  for (const auto& name : names) {
    auto done = co_await run_step(name);
    if (!done) co_return done;
  }
  co_return Result<void>{};
}

awaitable<Result<bool>> Check::verdict() {
  co_await scene_->stop_load();
  say("looking for every acknowledged write");
  auto result = co_await scene_->probe().verify(60s);
  if (!result) co_return tl::unexpected(result.error());
  auto report = scene_->report("demo --check", std::move(*result));
  report.steps = steps_;
  fmt::print("\n{}\n", drill::print_text(report));
  if (!options_.html.empty()) write_file(options_.html, drill::print_html(report));
  if (!options_.json.empty()) write_file(options_.json, drill::print_json(report));
  co_return report.is_good();
}

awaitable<Result<bool>> Check::measure() {
  auto up = co_await bring_up();
  if (!up) co_return tl::unexpected(up.error());
  auto broken = co_await break_it();
  // Whatever went wrong, what was acknowledged before must be there.
  Result<bool> judged = false;
  if (scene_->probe().ledger().count(drill::Load::write) > 0) judged = co_await verdict();
  if (!broken) co_return tl::unexpected(broken.error());
  co_return judged;
}

awaitable<void> Check::tear_down(bool is_good) {
  if (scene_) co_await scene_->stop();
  if (!stage_) co_return;
  say("stopping everything");
  co_await stage_->stop_all(stop_limit);
  co_await stage_->close();
  if (is_good && !options_.keep)
    stage_->remove_data();
  else
    say("data and logs are kept in " + options_.data);
}

// Interrupted by the user, it stops where it is, and tears down.
awaitable<Result<bool>> Check::measure_until_interrupted() {
  using namespace asio::experimental::awaitable_operators;
  asio::signal_set signals{executor_, SIGINT, SIGTERM};
  auto measuring = measure();
  auto waiting = signals.async_wait(as_result);
  auto first = co_await (std::move(measuring) || std::move(waiting));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return fail(Errc::cancelled, "interrupted");
}

awaitable<int> Check::run() {
  auto good = co_await measure_until_interrupted();
  if (!good) say("FAILED: " + to_string(good.error()));
  const bool is_good = good.value_or(false);
  co_await tear_down(is_good);
  say(is_good ? "passed: no acknowledged write is missing, every node is back" : "NOT passed");
  co_return is_good ? 0 : 1;
}

}  // namespace

int run_check(Options options) {
  asio::io_context loop;
  Check check{loop.get_executor(), options};
  int code = 1;
  asio::co_spawn(loop, check.run(), [&code](std::exception_ptr failure, int result) {
    if (failure) std::rethrow_exception(failure);
    code = result;
  });
  loop.run();
  return code;
}

}  // namespace holdfast::demo
