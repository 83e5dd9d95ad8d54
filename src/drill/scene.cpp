#include "drill/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "async/with_timeout.hpp"

namespace holdfast::drill {
namespace {

constexpr milliseconds look_every = 50ms;
// Writes flow when the last acknowledgement is no older.
constexpr milliseconds fresh = 500ms;

}  // namespace

Scene::Scene(const asio::any_io_executor& executor, Places places, ProbeOptions load, Hands& hands)
    : load_tasks_{executor},
      observer_tasks_{executor},
      observer_{executor, std::move(places)},
      probe_{std::move(load)},
      hands_{hands},
      started_{BootClock::now()},
      started_at_{wall_now()} {}

void Scene::observe() {
  observer_.start(observer_tasks_);
}

awaitable<Result<void>> Scene::load(nanoseconds limit) {
  auto prepared = co_await probe_.prepare(limit);
  if (!prepared) co_return prepared;
  probe_.start(load_tasks_);
  loaded_ = true;
  co_return Result<void>{};
}

awaitable<void> Scene::stop_load() {
  loaded_ = false;
  co_await load_tasks_.stop();
}

awaitable<void> Scene::stop() {
  co_await load_tasks_.stop();
  co_await observer_tasks_.stop();
}

awaitable<bool> Scene::wait_for(Condition condition, nanoseconds limit) {
  const auto deadline = BootClock::now() + limit;
  while (!condition()) {
    if (BootClock::now() >= deadline) co_return false;
    co_await async::sleep_for(look_every);
  }
  co_return true;
}

bool Scene::writes_flow() const {
  if (!loaded_) return true;
  const auto& writes = probe_.ledger().writes();
  return !writes.empty() && BootClock::now() - writes.back().at < fresh;
}

awaitable<std::vector<std::string>> Scene::wait_until_healthy(nanoseconds limit) {
  Condition healthy = [this] { return doubts(observer_.now(), is_synchronous_).empty() && writes_flow(); };
  const bool is_whole = co_await wait_for(std::move(healthy), limit);
  if (is_whole) co_return std::vector<std::string>{};
  auto left = doubts(observer_.now(), is_synchronous_);
  if (!writes_flow()) left.emplace_back("no write is acknowledged");
  if (left.empty()) left.emplace_back("it became whole too late");
  co_return left;
}

void Scene::accept_asynchronous() {
  const auto& members = observer_.now().members;
  is_synchronous_ = std::any_of(members.begin(), members.end(), [](const auto& m) { return m.synchronous; });
}

awaitable<Result<void>> Scene::strike(Blow blow) {
  const auto text = fmt::format("{} {} of {}", to_string(blow.deed), to_string(blow.victim), blow.node);
  observer_.chronicle().tell(text, BootClock::now(), true);
  auto struck = co_await hands_.strike(std::move(blow));
  co_return struck;
}

awaitable<Result<void>> Scene::switch_over(std::string leader) {
  const auto* place = observer_.places().member(leader);
  if (place == nullptr) co_return fail(Errc::not_found, "no member " + leader);
  observer_.chronicle().tell("switchover away from " + leader, BootClock::now(), true);
  auto order = http::post_request(boost::json::serialize(boost::json::object{{"leader", leader}}));
  auto answer =
      co_await observer_.http().request(http::with_target(place->rest, "/switchover"), std::move(order), 60s);
  if (!answer) co_return fail("asking for a switchover", answer.error());
  if (answer->status >= 300) {
    co_return fail(Errc::refused, fmt::format("switchover: {} {}", answer->status, answer->body));
  }
  co_return Result<void>{};
}

awaitable<Result<Step>> Scene::begin(const Plan& plan, milliseconds hold) {
  const auto name = victim_of(plan, observer_.now());
  if (!name) co_return fail(Errc::unavailable, "there is nobody to hit: no primary is known");
  Step step{.what = std::string{plan.name}, .detail = *name + ": " + std::string{plan.summary}};
  step.window.from = BootClock::now();
  if (!plan.victim) {
    auto switched = co_await switch_over(*name);
    if (!switched) co_return tl::unexpected(switched.error());
    co_return step;
  }
  Blow blow{*name, *plan.victim, plan.deed};
  auto struck = co_await strike(blow);
  if (!struck) co_return tl::unexpected(struck.error());
  if (plan.undo) {
    co_await async::sleep_for(hold);
    blow.deed = *plan.undo;
    auto undone = co_await strike(blow);
    if (!undone) co_return tl::unexpected(undone.error());
  }
  co_return step;
}

awaitable<void> Scene::finish(Step& step, nanoseconds limit) {
  // What was done must have been seen before health means anything: answers are up to half a second old.
  co_await async::sleep_for(1s);
  step.left = co_await wait_until_healthy(limit);
  step.window.to = BootClock::now();
  measure(step);
}

void Scene::measure(Step& step) const {
  const auto& ledger = probe_.ledger();
  step.write_gap = ledger.longest_gap(Load::write, step.window);
  step.read_gap = ledger.longest_gap(Load::read, step.window);
  step.write_errors = ledger.errors(Load::write, step.window);
  step.read_errors = ledger.errors(Load::read, step.window);
}

Report Scene::report(std::string title, ProbeResult result) const {
  const auto& ledger = probe_.ledger();
  const auto& options = probe_.options();
  return {
      .title = std::move(title),
      .scope = observer_.places().scope,
      .load = fmt::format("{} writers and {} readers through {} {}", options.writers, options.readers,
                          options.write_to.size(), options.write_to.size() == 1 ? "address" : "addresses"),
      .started_at = started_at_,
      .whole = {started_, BootClock::now()},
      .result = std::move(result),
      .reads = ledger.count(Load::read),
      .two_writers = observer_.writers().found(),
      .write_moments = ledger.moments(Load::write),
      .read_moments = ledger.moments(Load::read),
      .chronicle = observer_.chronicle()};
}

}  // namespace holdfast::drill
