#include "drill/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <map>
#include <sstream>

#include "base/duration.hpp"
#include "config/values.hpp"
#include "drill/plan.hpp"

namespace holdfast::drill {
namespace {

using Take = std::function<Result<void>(const std::string& value)>;

Take text_into(std::string& out) {
  return [&out](const std::string& value) {
    out = value;
    return Result<void>{};
  };
}

Take addresses_into(std::vector<Address>& out) {
  return [&out](const std::string& value) -> Result<void> {
    auto parsed = config::parse_host_port(value);
    if (!parsed) return tl::unexpected(parsed.error());
    out.push_back({parsed->host, parsed->port});
    return {};
  };
}

Take number_into(int& out) {
  return [&out](const std::string& value) -> Result<void> {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (error != std::errc{} || end != value.data() + value.size() || out < 0 || out > 1000) {
      return fail(Errc::invalid_argument, "'" + value + "' is not a number from 0 to 1000");
    }
    return {};
  };
}

Take seed_into(std::uint64_t& out) {
  return [&out](const std::string& value) -> Result<void> {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (error == std::errc{} && end == value.data() + value.size() && out > 0) return {};
    return fail(Errc::invalid_argument, "'" + value + "' is not a number from 1");
  };
}

Take duration_into(milliseconds& out, milliseconds bare_unit = 1s) {
  return [&out, bare_unit](const std::string& value) -> Result<void> {
    auto parsed = parse_duration(value, bare_unit);
    if (!parsed) return tl::unexpected(parsed.error());
    out = *parsed;
    return {};
  };
}

Take words_into(std::vector<std::string>& out) {
  return [&out](const std::string& value) {
    std::istringstream words{value};
    for (std::string word; words >> word;) out.push_back(word);
    return Result<void>{};
  };
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  const std::map<std::string, bool*> flags{{"--force", &options.force}, {"--yes", &options.yes},
                                           {"-y", &options.yes},        {"--list", &options.list},
                                           {"--help", &options.help},   {"-h", &options.help},
                                           {"--mean", &options.mean}};
  const std::map<std::string, Take> values{
      {"-c", text_into(options.config_file)},        {"--config-file", text_into(options.config_file)},
      {"--node", text_into(options.node)},           {"--json", text_into(options.json)},
      {"--html", text_into(options.html)},           {"--write", addresses_into(options.write_to)},
      {"--read", addresses_into(options.read_from)}, {"--writers", number_into(options.writers)},
      {"--readers", number_into(options.readers)},   {"--pace", duration_into(options.pace)},
      {"--hold", duration_into(options.hold)},       {"--limit", duration_into(options.limit)},
      {"--hands", words_into(options.hands)},        {"--minutes", duration_into(options.minutes, 1min)},
      {"--seed", seed_into(options.seed)},           {"--repeat", number_into(options.repeat)}};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& word = arguments[i];
    if (const auto flag = flags.find(word); flag != flags.end()) {
      *flag->second = true;
    } else if (const auto value = values.find(word); value != values.end()) {
      if (i + 1 == arguments.size()) return fail(Errc::invalid_argument, word + " needs a value");
      auto taken = value->second(arguments[++i]);
      if (!taken) return fail(word, taken.error());
    } else if (word.starts_with("-") || !options.name.empty()) {
      return fail(Errc::invalid_argument, "unknown argument " + word + "; see --help");
    } else {
      options.name = word;
    }
  }
  if (options.help || options.list) return options;
  if (options.name.empty()) return fail(Errc::invalid_argument, "which drill? See --list");
  if (!options.is_storm() && find_plan(options.name) == nullptr) {
    return fail(Errc::invalid_argument, "there is no drill '" + options.name + "'; see --list");
  }
  if (options.repeat == 0) return fail(Errc::invalid_argument, "--repeat must be at least 1");
  if (options.minutes <= 0ms) return fail(Errc::invalid_argument, "--minutes must be more than 0");
  if (options.writers == 0) return fail(Errc::invalid_argument, "--writers must be at least 1");
  return options;
}

std::string print_list() {
  std::string text;
  for (const auto& plan : plans()) {
    text +=
        fmt::format("  {:<16} {}{}\n", plan.name, plan.summary, plan.needs_command ? " (needs --hands)" : "");
  }
  return text +
         fmt::format("  {:<16} {}\n", "storm", "faults at random from a seed, one after and amid the other");
}

std::string print_help() {
  return "usage: holdfast drill NAME [-c FILE] [options]\n\n"
         "Does the failure on this cluster under load, and reports what clients saw.\n\n" +
         print_list() +
         "\n"
         "  -c FILE            the cluster's configuration (its `nodes` say where everybody is)\n"
         "  --write HOST:PORT  address for writes, may be repeated (default: the proxies in `nodes`)\n"
         "  --read HOST:PORT   address for reads\n"
         "  --writers N, --readers N, --pace TIME   the load (8, 4, 10ms between two statements of a "
         "client)\n"
         "  --hold TIME        how long what is frozen stays so (15s)\n"
         "  --limit TIME       how long the cluster may take to be whole again (120s)\n"
         "  --hands COMMAND    acts on other hosts: run as COMMAND NODE DEED VICTIM, with\n"
         "                     DEED kill|stop|freeze|thaw|isolate|rejoin|start and VICTIM "
         "postgres|agent|etcd|proxy|vip|node;\n"
         "                     done when it exits with 0. `start node` starts a node that was killed\n"
         "  --repeat N         does it N times, and prints median and worst of each figure\n"
         "  --minutes M        how long a storm lasts (5; also 90s)\n"
         "  --seed S           the storm that this seed was (default: any; it is printed)\n"
         "  --mean             hits more hosts at once than the cluster need survive\n"
         "  --json FILE, --html FILE   the report, also in these forms\n"
         "  --force            even where redundancy is not proven\n"
         "  -y, --yes          even where other clients are connected\n"
         "  --list             the drills\n\n"
         "Besides, five slow clients use registers and lists, and their history is checked: it must be "
         "linearizable.\n"
         "A storm hits one database host and one proxy host at a time, so that the cluster can go on.\n\n"
         "exit: 0 nothing lost, history linearizable and all back; 1 it failed; 2 refused or wrong usage\n";
}

}  // namespace holdfast::drill
