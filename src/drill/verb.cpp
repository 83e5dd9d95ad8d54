#include "drill/verb.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>

#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "config/load.hpp"
#include "drill/options.hpp"
#include "drill/scene.hpp"

namespace holdfast::drill {
namespace {

constexpr seconds look_limit = 10s;
constexpr seconds warm_up = 3s;

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::vector<NodeTraits> traits_of(const config::Config& config, const Places& places,
                                  const Options& options) {
  std::vector<NodeTraits> traits;
  for (const auto& member : places.members)
    traits.push_back({member.name, options.config_file, member.data_dir});
  for (const auto& proxy : places.proxies) traits.push_back({proxy.name, options.config_file, ""});
  if (traits.empty()) traits.push_back({config.name, options.config_file, config.postgresql.data_dir});
  return traits;
}

bool confirm(const std::string& question) {
  if (isatty(STDIN_FILENO) == 0) return false;
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

// One drill from the first look to the report. Refusals are Errc::refused.
class Run {
 public:
  Run(Options options, Scene& scene, Hands& hands)
      : options_{std::move(options)}, plan_{*find_plan(options_.name)}, scene_{scene}, hands_{hands} {}

  awaitable<Result<bool>> run();

 private:
  awaitable<Result<void>> prove_redundancy();
  awaitable<Result<void>> look_for_others();
  Result<void> check_reach();
  awaitable<Result<bool>> finish(Step step);

  Options options_;
  const Plan& plan_;
  Scene& scene_;
  Hands& hands_;
};

awaitable<Result<void>> Run::prove_redundancy() {
  scene_.observe();
  auto left = co_await scene_.wait_until_healthy(look_limit);
  if (left.empty()) co_return Result<void>{};
  const auto text = fmt::format("redundancy is not proven: {}", fmt::join(left, "; "));
  if (!options_.force) co_return fail(Errc::refused, text + ". Mend that first, or --force");
  say("WARNING: " + text);
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
  if (!plan_.victim) return {};
  const auto name = victim_of(plan_, scene_.observer().now());
  if (!name) return fail(Errc::refused, "there is nobody to hit: no primary is known");
  auto reached = hands_.reaches({*name, *plan_.victim, plan_.deed});
  if (!reached) return fail(Errc::refused, reached.error().context);
  return {};
}

awaitable<Result<bool>> Run::finish(Step step) {
  co_await scene_.finish(step, options_.limit);
  co_await scene_.stop_load();
  auto result = co_await scene_.probe().verify(60s);
  if (!result) co_return tl::unexpected(result.error());
  auto dropped = co_await scene_.probe().drop_table();
  if (!dropped) say("the probe's table stays: " + to_string(dropped.error()));
  auto report = scene_.report("Drill " + options_.name, std::move(*result));
  report.steps.push_back(std::move(step));
  say("\n" + print_text(report));
  if (!options_.json.empty()) std::ofstream{options_.json} << print_json(report);
  if (!options_.html.empty()) std::ofstream{options_.html} << print_html(report);
  co_return report.is_good();
}

awaitable<Result<bool>> Run::run() {
  auto proven = co_await prove_redundancy();
  if (!proven) co_return tl::unexpected(proven.error());
  auto alone = co_await look_for_others();
  if (!alone) co_return tl::unexpected(alone.error());
  if (auto reach = check_reach(); !reach) co_return tl::unexpected(reach.error());
  auto loaded = co_await scene_.load(20s);
  if (!loaded) co_return tl::unexpected(loaded.error());
  say("load is running");
  co_await async::sleep_for(warm_up);
  say(fmt::format("{}: {}", plan_.name, plan_.summary));
  auto step = co_await scene_.begin(plan_, options_.hold);
  if (!step) co_return tl::unexpected(step.error());
  if (!plan_.returns_alone)
    say("what was killed has to be started again (by its service manager, or by you)");
  auto finished = co_await finish(std::move(*step));
  co_return finished;
}

awaitable<Result<bool>> run_and_stop(Run& run, Scene& scene) {
  auto done = co_await run.run();
  co_await scene.stop();
  co_return done;
}

int run_drill(Options options) {
  auto request = config::request_for(options.config_file, options.node);
  request.any_node = true;
  auto loaded = config::load(request);
  if (!loaded) {
    fmt::print(stderr, "{}\n", loaded.error().context);
    return 2;
  }
  Places places = places_of(loaded->config);
  ProbeOptions load{.write_to = options.write_to.empty() ? places.writes() : options.write_to,
                    .read_from = options.read_from.empty() ? places.reads() : options.read_from,
                    .login = places.login,
                    .writers = options.writers,
                    .readers = options.readers,
                    .pace = options.pace};
  if (load.read_from.empty()) load.readers = 0;
  if (load.write_to.empty()) {
    fmt::print(stderr, "holdfast drill: no proxy is known from the configuration: say --write HOST:PORT\n");
    return 2;
  }
  const auto hands = options.hands.empty() ? local_hands(traits_of(loaded->config, places, options))
                                           : command_hands(options.hands);
  asio::io_context loop;
  Scene scene{loop.get_executor(), std::move(places), std::move(load), *hands};
  Run run{options, scene, *hands};
  Result<bool> outcome = false;
  asio::co_spawn(loop, run_and_stop(run, scene), [&outcome](std::exception_ptr failure, Result<bool> done) {
    if (failure) std::rethrow_exception(failure);
    outcome = std::move(done);
  });
  loop.run();
  if (outcome) return *outcome ? 0 : 1;
  fmt::print(stderr, "holdfast drill: {}\n", outcome.error().context);
  return outcome.error().code == Errc::refused ? 2 : 1;
}

}  // namespace

int run_verb(std::vector<std::string> args) {
  const auto options = parse_options(args);
  if (!options) {
    fmt::print(stderr, "holdfast drill: {}\n", options.error().context);
    return 2;
  }
  if (options->help || options->list) {
    fmt::print("{}", options->help ? print_help() : print_list());
    return 0;
  }
  log::set_level(log::Level::off);
  try {
    return run_drill(*options);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "holdfast drill: {}\n", failure.what());
    return 1;
  }
}

}  // namespace holdfast::drill
