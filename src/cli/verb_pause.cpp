#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "cli/members.hpp"
#include "cli/print_cluster.hpp"
#include "cli/selection.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

namespace holdfast::cli {
namespace {

std::string done_line(bool paused) {
  return fmt::format("Success: cluster management is {}", paused ? "paused" : "resumed");
}

seconds loop_wait_of(const dcs::Cluster& cluster) {
  const auto* value = cluster.config ? cluster.config->value.if_contains("loop_wait") : nullptr;
  return seconds{value != nullptr && value->is_int64() ? value->as_int64() : 10};
}

// Members of `before` that have not told yet that they know.
std::vector<std::string> unaware(const dcs::Cluster& before, const dcs::Cluster& now, bool paused) {
  std::vector<std::string> names;
  for (const auto& member : now.members) {
    const auto* known = before.member(member.name);
    if (known != nullptr && !known->api_url.empty() && member.pause != paused) names.push_back(member.name);
  }
  return names;
}

Result<int> wait_until_seen(Context& context, Session& session, const dcs::Cluster& before, bool paused) {
  context.terminal.say(fmt::format("'{}' request sent, waiting until it is recognized by all nodes",
                                   paused ? "pause" : "resume"));
  const auto limit = loop_wait_of(before);
  const auto deadline = BootClock::now() + limit + 1s;
  std::vector<std::string> remaining;
  do {
    const auto now = session.read();
    if (!now) return tl::unexpected(now.error());
    remaining = unaware(before, *now, paused);
    if (remaining.empty()) break;
    std::this_thread::sleep_for(250ms);
  } while (BootClock::now() < deadline);
  if (remaining.empty()) {
    context.terminal.say(done_line(paused));
    return 0;
  }
  context.terminal.say(fmt::format("{} members didn't recognized pause state after {} seconds",
                                   join(remaining, ", "), limit.count()));
  return context.declined();
}

}  // namespace

Result<int> run_verb(Context& context, const Pause& verb) {
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  if (is_paused(*cluster) == verb.on) {
    return fail(Errc::refused, fmt::format("Cluster is {} paused", verb.on ? "already" : "not"));
  }
  for (const auto* member : leader_first(*cluster)) {
    const auto answer =
        (*session)->ask(*member, "PATCH", "/config", verb.on ? R"({"pause": true})" : R"({"pause": null})");
    if (!answer) {
      context.terminal.complain("Warning: " + to_string(answer.error()));
      continue;
    }
    if (answer->status != 200) {
      context.terminal.say(fmt::format("Failed: {} cluster management status code={}, ({})",
                                       verb.on ? "pause" : "resume", answer->status, answer->body));
      return context.declined();
    }
    if (verb.wait) return wait_until_seen(context, **session, *cluster, verb.on);
    context.terminal.say(done_line(verb.on));
    return 0;
  }
  return fail(Errc::unavailable, "Can not find accessible cluster member");
}

Result<int> run_verb(Context& context, const Remove& verb) {
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  print_cluster(context.terminal, *cluster, (*session)->scope(), false, verb.format);
  const auto expect = [&](const std::string& question, const std::string& wanted,
                          const std::string& refusal) -> Result<void> {
    const auto answer = context.terminal.ask(question);
    if (!answer) return tl::unexpected(answer.error());
    if (*answer != wanted) return fail(Errc::refused, refusal);
    return {};
  };
  const std::string aware = "Yes I am aware";
  if (auto ok = expect("Please confirm the cluster name to remove", verb.cluster,
                       "Cluster names specified do not match");
      !ok)
    return tl::unexpected(ok.error());
  if (auto ok =
          expect(fmt::format("You are about to remove all information in DCS for {}, please type: \"{}\"",
                             verb.cluster, aware),
                 aware, fmt::format("You did not exactly type \"{}\"", aware));
      !ok)
    return tl::unexpected(ok.error());
  if (cluster->leader) {
    if (auto ok = expect("This cluster currently is healthy. Please specify the leader name to continue",
                         cluster->leader->name, "You did not specify the current leader of the cluster");
        !ok)
      return tl::unexpected(ok.error());
  }
  const dcs::Keys keys{(*session)->config().namespace_, (*session)->scope()};
  dcs::Txn removal;
  removal.success.emplace_back(dcs::Delete{.key = keys.prefix(), .is_prefix = true});
  const auto removed = (*session)->write(std::move(removal));
  if (!removed) return tl::unexpected(removed.error());
  return 0;
}

}  // namespace holdfast::cli
