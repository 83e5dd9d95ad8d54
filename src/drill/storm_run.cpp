#include "drill/storm_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/with_timeout.hpp"

namespace holdfast::drill {
namespace {

constexpr milliseconds slice = 50ms;
// For what was hit before to be well enough; then the trouble is left out.
constexpr seconds patience = 45s;
constexpr seconds heal_limit = 60s;
constexpr int undo_tries = 20;
constexpr milliseconds undo_pause = 500ms;

}  // namespace

Result<StormOptions> able(StormOptions options, const Places& places, Hands& hands) {
  if (places.members.empty()) return fail(Errc::refused, "no member is known from the configuration");
  const auto can_all = [&](const auto& hosts, Victim victim, Deed deed) {
    return std::all_of(hosts.begin(), hosts.end(), [&](const auto& host) {
      return hands.reaches({host.name, victim, deed}).has_value();
    });
  };
  for (const auto& member : places.members) {
    for (const auto victim : {Victim::postgres, Victim::agent, Victim::etcd}) {
      auto reached = hands.reaches({member.name, victim, Deed::kill});
      if (!reached) return fail(Errc::refused, reached.error().context);
    }
  }
  options.can_isolate = can_all(places.members, Victim::node, Deed::isolate);
  options.can_start = can_all(places.members, Victim::node, Deed::start);
  // Whoever can start a node need not leave its supervisor alive.
  options.has_supervisors = !options.can_start && can_all(places.members, Victim::roles, Deed::kill);
  options.has_fronts = places.proxies.size() > 1 && can_all(places.proxies, Victim::proxy, Deed::kill);
  options.has_vips =
      options.has_fronts && !places.vips.empty() && can_all(places.vips, Victim::vip, Deed::kill);
  return options;
}

bool StormRun::is_over() const {
  return is_stopped_ || BootClock::now() - began_ >= options_.length;
}

awaitable<void> StormRun::rest(nanoseconds length) {
  const auto end = BootClock::now() + length;
  while (!is_stopped_ && BootClock::now() < end) {
    const nanoseconds left = end - BootClock::now();
    co_await async::sleep_for(std::min<nanoseconds>(left, slice));
  }
}

awaitable<std::optional<std::string>> StormRun::choose(std::size_t track, Trouble trouble) {
  const auto deadline = BootClock::now() + patience;
  std::string why = "there is nobody to hit";
  while (!is_over() && BootClock::now() < deadline) {
    const auto& seen = scene_.observer().now();
    auto others = taken_;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(track));
    const auto victim = pick_victim(trouble, seen, others);
    const auto objection = victim && !options_.is_mean
                               ? too_much(seen, *victim, trouble.aim, options_.is_synchronous)
                               : std::nullopt;
    if (victim && !objection) co_return victim;
    if (objection) why = *objection;
    co_await async::sleep_for(slice);
  }
  if (!is_over()) tell(fmt::format("left out: {} ({})", print_trouble(trouble), why));
  co_return std::nullopt;
}

awaitable<void> StormRun::deal(Beat beat, std::string victim, std::vector<Lasting>& lasting) {
  if (!beat.victim) {
    if (is_stopped_) co_return;
    auto switching = scene_.switch_over(victim);
    auto switched = co_await async::with_timeout(20s, std::move(switching));
    if (!switched) tell("no switchover: " + to_string(switched.error()));
    co_return;
  }
  const Lasting itself{*beat.victim, beat.deed};
  const bool is_undo = std::find(lasting.begin(), lasting.end(), itself) != lasting.end();
  if (is_stopped_ && !is_undo) co_return;
  // First in the list: if it fails half done, it is undone all the same.
  if (const auto later = undo_of(*beat.victim, beat.deed)) lasting.emplace_back(*beat.victim, *later);
  const Blow blow{victim, *beat.victim, beat.deed};
  auto struck = co_await scene_.strike(blow);
  if (!struck)
    tell("it failed: " + to_string(struck.error()));
  else if (is_undo)
    std::erase(lasting, itself);
}

awaitable<void> StormRun::undo(std::string victim, std::vector<Lasting> lasting) {
  for (const auto& [what, deed] : lasting) {
    const Blow blow{victim, what, deed};
    for (int turn = 0; turn < undo_tries; ++turn) {
      auto struck = co_await scene_.strike(blow);
      if (struck) break;
      tell("it failed: " + to_string(struck.error()));
      co_await async::sleep_for(undo_pause);
    }
  }
}

awaitable<void> StormRun::inflict(std::size_t track, Trouble trouble, std::string victim) {
  taken_[track] = victim;
  Step step{.what = victim + ": " + print_briefly(trouble)};
  step.detail = fmt::format("{} of {}, {}", print_trouble(trouble), victim, to_string(trouble.aim));
  step.window.from = BootClock::now();
  std::vector<Lasting> lasting;
  for (const auto& beat : trouble.beats) {
    const nanoseconds left = step.window.from + beat.after - BootClock::now();
    if (left > 0ns) co_await rest(left);
    co_await deal(beat, victim, lasting);
  }
  co_await undo(victim, std::move(lasting));
  // What was done must have been seen before health means anything: answers are up to a second old.
  co_await async::sleep_for(1200ms);
  Scene::Condition healed = [this, aim = trouble.aim] {
    return !too_much(scene_.observer().now(), "", aim, options_.is_synchronous) && scene_.writes_flow();
  };
  co_await scene_.wait_for(std::move(healed), heal_limit);
  step.window.to = BootClock::now();
  steps_.push_back(std::move(step));
  taken_[track].clear();
}

awaitable<void> StormRun::run_track(std::size_t track) {
  // Where the cluster takes its time the plan is not used up; where it does not, it begins anew.
  for (std::size_t i = 0; !is_over(); ++i) {
    const auto& trouble = storm_.tracks[track][i % storm_.tracks[track].size()];
    co_await rest(trouble.pause);
    auto victim = co_await choose(track, trouble);
    if (victim) co_await inflict(track, trouble, *victim);
  }
}

awaitable<std::vector<Step>> StormRun::run(nanoseconds limit) {
  began_ = BootClock::now();
  async::TaskGroup tracks{co_await asio::this_coro::executor};
  for (std::size_t i = 0; i < storm_.tracks.size(); ++i) tracks.spawn("storm", run_track(i));
  co_await tracks.join();
  Step whole{.what = "the whole storm", .detail = fmt::format("seed {}", options_.seed)};
  whole.window.from = began_;
  steps_.push_back(std::move(whole));
  co_await scene_.finish(steps_.back(), limit);
  for (auto& step : steps_) scene_.measure(step);
  std::sort(steps_.begin(), steps_.end() - 1,
            [](const Step& a, const Step& b) { return a.window.from < b.window.from; });
  co_return std::move(steps_);
}

}  // namespace holdfast::drill
