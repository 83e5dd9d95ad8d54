#include "drill/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <random>

#include "base/log.hpp"
#include "config/load.hpp"
#include "drill/run.hpp"

namespace holdfast::drill {
namespace {

constexpr seconds look_limit = 10s;
// Few and slow beside the writers and readers whose gaps are measured.
constexpr int register_clients = 3;
constexpr int list_clients = 2;

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

ProbeOptions load_of(const Options& options, const Places& places) {
  ProbeOptions load{.write_to = options.write_to.empty() ? places.writes() : options.write_to,
                    .read_from = options.read_from.empty() ? places.reads() : options.read_from,
                    .login = places.login,
                    .writers = options.writers,
                    .readers = options.readers,
                    .pace = options.pace,
                    .register_clients = register_clients,
                    .list_clients = list_clients};
  if (load.read_from.empty()) load.readers = 0;
  return load;
}

awaitable<Result<Report>> run_and_stop(Run& run, Scene& scene, nanoseconds patience,
                                       asio::signal_set& signals) {
  auto done = co_await run.run(patience);
  signals.cancel();
  co_await scene.stop();
  co_return done;
}

// A storm undoes what it began; any other drill ends as it always did.
void listen(asio::signal_set& signals, Run& run) {
  signals.async_wait([&](const boost::system::error_code& failed, int signal) {
    if (failed) return;
    if (!run.stop()) {
      signals.clear();
      std::raise(signal);
    }
    say("stopping: what was begun is undone first");
    listen(signals, run);
  });
}

Result<Report> run_once(const Options& options, const Places& places, Hands& hands, nanoseconds patience) {
  asio::io_context loop;
  Scene scene{loop.get_executor(), places, load_of(options, places), hands};
  Run run{options, scene, hands};
  asio::signal_set signals{loop, SIGINT, SIGTERM};
  listen(signals, run);
  Result<Report> outcome = fail(Errc::internal, "it did not run");
  auto running = run_and_stop(run, scene, patience, signals);
  asio::co_spawn(loop, std::move(running), [&outcome](std::exception_ptr failure, Result<Report> done) {
    if (failure) std::rethrow_exception(failure);
    outcome = std::move(done);
  });
  loop.run();
  return outcome;
}

void write_reports(const Options& options, const std::vector<Report>& reports) {
  const auto worst = std::max_element(reports.begin(), reports.end(), [](const auto& a, const auto& b) {
    const auto gap = [](const Report& report) { return figures_of({report}).front().worst(); };
    return a.is_good() != b.is_good() ? a.is_good() : gap(a) < gap(b);
  });
  if (!options.json.empty())
    std::ofstream{options.json} << (reports.size() == 1 && options.repeat == 1 ? print_json(reports[0])
                                                                               : print_figures_json(reports));
  if (!options.html.empty()) std::ofstream{options.html} << print_html(*worst);
}

int run_drill(Options options) {
  auto request = config::request_for(options.config_file, options.node);
  request.any_node = true;
  auto loaded = config::load(request);
  if (!loaded) {
    fmt::print(stderr, "{}\n", loaded.error().context);
    return 2;
  }
  const Places places = places_of(loaded->config);
  if (options.write_to.empty() && places.writes().empty()) {
    fmt::print(stderr, "holdfast drill: no proxy is known from the configuration: say --write HOST:PORT\n");
    return 2;
  }
  const auto hands = options.hands.empty() ? local_hands(traits_of(loaded->config, places, options))
                                           : command_hands(options.hands);
  std::vector<Report> reports;
  for (int turn = 0; turn < options.repeat; ++turn) {
    if (options.repeat > 1) say(fmt::format("run {} of {}", turn + 1, options.repeat));
    auto report = run_once(options, places, *hands, turn == 0 ? nanoseconds{look_limit} : options.limit);
    if (!report) {
      fmt::print(stderr, "holdfast drill: {}\n", report.error().context);
      if (!reports.empty()) write_reports(options, reports);
      return report.error().code == Errc::refused && reports.empty() ? 2 : 1;
    }
    say("\n" + print_text(*report));
    reports.push_back(std::move(*report));
    options.yes = true;  // who else is there was asked once
    ++options.seed;
  }
  if (options.repeat > 1) say(print_figures(reports));
  write_reports(options, reports);
  return std::all_of(reports.begin(), reports.end(), [](const auto& report) { return report.is_good(); }) ? 0
                                                                                                          : 1;
}

}  // namespace

int run_verb(std::vector<std::string> args) {
  auto options = parse_options(args);
  if (!options) {
    fmt::print(stderr, "holdfast drill: {}\n", options.error().context);
    return 2;
  }
  if (options->help || options->list) {
    fmt::print("{}", options->help ? print_help() : print_list());
    return 0;
  }
  if (options->seed == 0) options->seed = std::random_device{}() % 1'000'000 + 1;
  log::set_level(log::Level::off);
  try {
    return run_drill(*options);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "holdfast drill: {}\n", failure.what());
    return 1;
  }
}

}  // namespace holdfast::drill
