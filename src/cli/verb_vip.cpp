#include "cli/ask.hpp"
#include "cli/locate_config.hpp"
#include "cli/verbs.hpp"
#include "cli/vip_observe.hpp"
#include "cli/vip_text.hpp"
#include "cli/watch.hpp"

namespace holdfast::cli {
namespace {

constexpr milliseconds answer_limit = 2s;

VipHealth ask_hosts(const config::Config& config) {
  VipHealth health{.hosts = vip_hosts_of(config)};
  std::vector<std::string> urls;
  for (const auto& host : health.hosts) urls.push_back(host.url);
  asio::io_context loop{1};
  http::Client client{loop.get_executor(), {}};
  const auto answers = ask_all(loop, client, urls, answer_limit);
  for (std::size_t i = 0; i < answers.size(); ++i) add_answer(health.hosts[i], answers[i]);
  health.asked_at = wall_now();
  return health;
}

}  // namespace

// Asks the hosts themselves, and nobody else: the consensus store may be what is down.
Result<int> run_verb(Context& context, const VipShow& verb) {
  const auto config = locate_config(context.common, "");
  if (!config) return tl::unexpected(config.error());
  if (vip_hosts_of(*config).empty()) {
    return fail(Errc::invalid_argument,
                "the configuration names no host with the role vip: neither in `nodes`, nor this one with "
                "vip.stats.listen");
  }
  return watching(context.terminal, verb.watch, true, [&]() -> Result<int> {
    const auto health = ask_hosts(*config);
    std::string text = print_vip(health, verb.format, context.terminal.is_screen());
    text.pop_back();
    context.terminal.say(text);
    return vip_exit_code(health);
  });
}

}  // namespace holdfast::cli
