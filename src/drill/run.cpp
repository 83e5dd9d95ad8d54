#include "drill/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "async/with_timeout.hpp"
#include "base/duration.hpp"

namespace holdfast::drill {
namespace {

constexpr seconds warm_up = 3s;

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

bool confirm(const std::string& question) {
  if (isatty(STDIN_FILENO) == 0) return false;
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

awaitable<Result<void>> Run::prove_redundancy(nanoseconds patience) {
  scene_.observe();
  auto left = co_await scene_.wait_until_healthy(patience);
  if (left.empty()) co_return Result<void>{};
  const auto text = fmt::format("redundancy is not proven: {}", fmt::join(left, "; "));
  if (!options_.force) co_return fail(Errc::refused, text + ". Mend that first, or --force");
  say("WARNING: " + text);
  scene_.accept_asynchronous();
  co_return Result<void>{};
}

awaitable<Result<void>> Run::look_for_others() {
  const auto& places = scene_.observer().places();
  const auto* primary = scene_.observer().now().primary();
  const auto* place = primary == nullptr ? nullptr : places.member(primary->name);
  if (place == nullptr || options_.yes) co_return Result<void>{};
  auto connecting = Connection::connect(place->postgres, places.login);
  auto connection = co_await async::with_timeout(3s, std::move(connecting));
  if (!connection) co_return fail("looking for other clients", connection.error());
  auto asking = connection->query(
      "SELECT count(*), string_agg(DISTINCT coalesce(nullif(application_name, ''), 'no name'), ', ') FROM "
      "pg_stat_activity "
      "WHERE backend_type = 'client backend' AND application_name NOT ILIKE 'holdfast%' AND application_name "
      "NOT ILIKE "
      "'patroni%' AND pid <> pg_backend_pid()");
  auto rows = co_await async::with_timeout(3s, std::move(asking));
  if (!rows) co_return fail("looking for other clients", rows.error());
  if (rows->empty() || (*rows)[0][0] == "0") co_return Result<void>{};
  const auto text =
      fmt::format("{} other clients are connected to {} ({})", (*rows)[0][0], primary->name, (*rows)[0][1]);
  if (confirm(text + ". They will feel the drill. Go on?")) co_return Result<void>{};
  co_return fail(Errc::refused, text + ": say --yes if they may feel it");
}

Result<void> Run::check_reach() {
  if (options_.is_storm()) {
    StormOptions wanted{.seed = options_.seed, .length = options_.minutes, .is_mean = options_.mean};
    auto able_to = able(wanted, scene_.observer().places(), hands_);
    if (!able_to) return tl::unexpected(able_to.error());
    storm_options_ = *able_to;
    const auto& members = scene_.observer().now().members;
    storm_options_.is_synchronous =
        std::any_of(members.begin(), members.end(), [](const auto& member) { return member.synchronous; });
    return {};
  }
  const auto& plan = *find_plan(options_.name);
  if (!plan.victim) return {};
  const auto name = victim_of(plan, scene_.observer().now());
  if (!name) return fail(Errc::refused, "there is nobody to hit: no primary is known");
  auto reached = hands_.reaches({*name, *plan.victim, plan.deed});
  if (!reached) return fail(Errc::refused, reached.error().context);
  return {};
}

awaitable<void> Run::start_again(std::string node) {
  const Blow blow{node, Victim::node, Deed::start};
  if (!hands_.reaches(blow)) {
    say("what was killed has to be started again (by its service manager, or by you)");
    co_return;
  }
  co_await async::sleep_for(options_.hold);
  auto started = co_await scene_.strike(blow);
  if (!started) say("it could not be started again: " + to_string(started.error()));
}

awaitable<Result<void>> Run::do_plan() {
  const auto& plan = *find_plan(options_.name);
  say(fmt::format("{}: {}", plan.name, plan.summary));
  const auto victim = victim_of(plan, scene_.observer().now()).value_or("");
  auto step = co_await scene_.begin(plan, options_.hold);
  if (!step) co_return tl::unexpected(step.error());
  if (!plan.returns_alone) co_await start_again(victim);
  co_await scene_.finish(*step, options_.limit);
  steps_.push_back(std::move(*step));
  co_return Result<void>{};
}

awaitable<Result<void>> Run::do_storm() {
  const auto& able_to = storm_options_;
  say(fmt::format("storm of {} s, seed {}: --minutes {} --seed {}{} does it again",
                  std::chrono::duration_cast<seconds>(able_to.length).count(), able_to.seed,
                  print_duration(options_.minutes), able_to.seed, able_to.is_mean ? " --mean" : ""));
  say(fmt::format("hosts can be cut off: {}; killed for good and started again: {}; proxies are hit: {}",
                  able_to.can_isolate ? "yes" : "no",
                  able_to.can_start         ? "yes"
                  : able_to.has_supervisors ? "all but their supervisors"
                                            : "no",
                  able_to.has_fronts ? "yes" : "no"));
  storm_ = std::make_unique<StormRun>(scene_, able_to);
  steps_ = co_await storm_->run(options_.limit);
  co_return Result<void>{};
}

bool Run::stop() {
  if (!storm_) return false;
  storm_->stop();
  return true;
}

awaitable<Result<Report>> Run::finish() {
  co_await scene_.stop_load();
  auto result = co_await scene_.probe().verify(60s);
  if (!result) co_return tl::unexpected(result.error());
  auto report = scene_.report("Drill " + options_.name, std::move(*result));
  report.steps = std::move(steps_);
  if (options_.is_storm()) report.seed = options_.seed;
  // Tables with the proof of a fault stay for whoever looks into it.
  if (!report.is_good()) co_return report;
  auto dropped = co_await scene_.probe().drop_table();
  if (!dropped) say("the probe's tables stay: " + to_string(dropped.error()));
  co_return report;
}

awaitable<Result<Report>> Run::run(nanoseconds patience) {
  auto proven = co_await prove_redundancy(patience);
  if (!proven) co_return tl::unexpected(proven.error());
  auto alone = co_await look_for_others();
  if (!alone) co_return tl::unexpected(alone.error());
  if (auto reach = check_reach(); !reach) co_return tl::unexpected(reach.error());
  auto loaded = co_await scene_.load(20s);
  if (!loaded) co_return tl::unexpected(loaded.error());
  say("load is running");
  co_await async::sleep_for(warm_up);
  Result<void> done;
  if (options_.is_storm())
    done = co_await do_storm();
  else
    done = co_await do_plan();
  if (!done) co_return tl::unexpected(done.error());
  auto report = co_await finish();
  co_return report;
}

}  // namespace holdfast::drill
