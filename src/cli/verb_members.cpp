#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <thread>

#include "cli/choose_members.hpp"
#include "cli/members.hpp"
#include "cli/selection.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"
#include "dcs/transactions.hpp"

// reload, reinit, flush: one request to each member.
namespace holdfast::cli {
namespace {

// Says what a member answered, in patronictl's words. True: it accepted.
bool report(Context& context, const dcs::Member& member, const std::string& action,
            const Result<http::Response>& answer) {
  if (answer && answer->status < 400) {
    context.terminal.say(fmt::format("Success: {} for member {}", action, member.name));
    return true;
  }
  context.terminal.say(
      answer ? fmt::format("Failed: {} for member {}, status code={}, ({})", action, member.name,
                           answer->status, answer->body)
             : fmt::format("Failed: {} for member {}: {}", action, member.name, to_string(answer.error())));
  return false;
}

std::int64_t loop_wait_of(const dcs::Cluster& cluster) {
  const auto* value = cluster.config ? cluster.config->value.if_contains("loop_wait") : nullptr;
  return value != nullptr && value->is_int64() ? value->as_int64() : 10;
}

std::string reload_line(const dcs::Cluster& cluster, const std::string& name, const http::Response& answer) {
  if (answer.status == 200) return "No changes to apply on member " + name;
  if (answer.status == 202) {
    return fmt::format("Reload request received for member {} and will be processed within {} seconds", name,
                       loop_wait_of(cluster));
  }
  return fmt::format("Failed: reload for member {}, status code={}, ({})", name, answer.status, answer.body);
}

// Asks once more, forcing it, when a copy is already being made and the user wants it begun again.
bool reinitialize(Context& context, Session& session, const dcs::Member& member, const Reinit& verb) {
  boost::json::object body{{"force", verb.force}};
  if (verb.from_leader) body["from_leader"] = true;
  for (;;) {
    const auto answer = session.ask(member, "POST", "/reinitialize", dcs::print_json(body), 30s);
    if (report(context, member, "reinitialize", answer)) return true;
    const bool is_busy = answer && answer->body.ends_with("already in progress") && !body["force"].as_bool();
    if (!is_busy) return false;
    const auto again = context.terminal.confirm("Do you want to cancel it and reinitialize anyway?");
    if (!again || !*again) return false;
    body["force"] = true;
  }
}

void wait_for_copies(Context& context, Session& session, std::vector<const dcs::Member*> waiting) {
  std::size_t shown = 0;
  while (!waiting.empty()) {
    if (waiting.size() != shown) {
      std::vector<std::string> names;
      for (const auto* member : waiting) names.push_back(member->name);
      context.terminal.say("Waiting for reinitialize to complete on: " + join(names, ", "));
      shown = waiting.size();
    }
    std::this_thread::sleep_for(2s);
    std::erase_if(waiting, [&](const dcs::Member* member) {
      const auto answer = session.ask(*member, "GET", "/patroni");
      const auto document = answer ? dcs::parse_json_object(answer->body) : std::nullopt;
      const auto* state = document ? document->if_contains("state") : nullptr;
      if (state == nullptr || plain_text(*state) == "creating replica") return false;
      context.terminal.say("Reinitialize is completed on: " + member->name);
      return true;
    });
  }
}

Result<int> flush_restarts(Context& context, Session& session, const dcs::Cluster& cluster, const Flush& verb,
                           const std::vector<std::string>& names) {
  const std::string role = verb.selection.role.value_or("any");
  const auto members = choose_members(context, cluster, {session.scope(), "flush", names, role, verb.force});
  if (!members) return tl::unexpected(members.error());
  if (!verb.force) {
    if (const auto confirmed = confirm_members(context, *members, "flush"); !confirmed)
      return tl::unexpected(confirmed.error());
  }
  int code = 0;
  for (const auto* member : *members) {
    if (member->scheduled_restart.empty()) {
      context.terminal.say("No scheduled restart for member " + member->name);
    } else if (!report(context, *member, "flush scheduled restart",
                       session.ask(*member, "DELETE", "/restart"))) {
      code = context.declined();
    }
  }
  return code;
}

Result<int> flush_switchover(Context& context, Session& session, const dcs::Cluster& cluster) {
  if (!cluster.failover || !cluster.failover->scheduled_at) {
    context.terminal.say("No pending scheduled switchover");
    return 0;
  }
  for (const auto* member : leader_first(cluster)) {
    const auto answer = session.ask(*member, "DELETE", "/switchover");
    if (!answer) {
      context.terminal.complain("Warning: " + to_string(answer.error()));
    } else if (answer->status == 200 || answer->status == 404) {
      context.terminal.say((answer->status == 200 ? "Success: " : "Failed: ") + answer->body);
      return answer->status == 200 ? 0 : context.declined();
    } else {
      context.terminal.say(
          fmt::format("Failed: member={}, status_code={}, ({})", member->name, answer->status, answer->body));
    }
  }
  context.terminal.say(fmt::format("{} Could not find any accessible member of cluster {}",
                                   local_time_fine(wall_now()), session.scope()));
  const dcs::Keys keys{session.config().namespace_, session.scope()};
  const auto cleared = session.write(dcs::clear_failover(keys, cluster.failover->mod_revision));
  if (!cleared) return tl::unexpected(cleared.error());
  context.terminal.say(*cleared ? "The switchover was removed from the DCS"
                                : "It has changed meanwhile: look again");
  return *cleared ? 0 : 1;
}

}  // namespace

Result<int> run_verb(Context& context, const Reload& verb) {
  auto names = verb.selection.names;
  const auto session = Session::open_for(context.common, context.style, names);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  const std::string role = verb.selection.role.value_or("any");
  const auto members =
      choose_members(context, *cluster, {(*session)->scope(), "reload", names, role, verb.force});
  if (!members) return tl::unexpected(members.error());
  if (!verb.force) {
    if (const auto confirmed = confirm_members(context, *members, "reload"); !confirmed)
      return tl::unexpected(confirmed.error());
  }
  int code = 0;
  for (const auto* member : *members) {
    const auto answer = (*session)->ask(*member, "POST", "/reload", "{}");
    context.terminal.say(
        answer ? reload_line(*cluster, member->name, *answer)
               : fmt::format("Failed: reload for member {}: {}", member->name, to_string(answer.error())));
    if (!answer || answer->status >= 300) code = context.declined();
  }
  return code;
}

Result<int> run_verb(Context& context, const Reinit& verb) {
  auto names = verb.selection.names;
  const auto session = Session::open_for(context.common, context.style, names);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  const auto members =
      choose_members(context, *cluster, {(*session)->scope(), "reinitialize", names, "replica", verb.force});
  if (!members) return tl::unexpected(members.error());
  if (!verb.force) {
    if (const auto confirmed = confirm_members(context, *members, "reinitialize"); !confirmed)
      return tl::unexpected(confirmed.error());
  }
  std::vector<const dcs::Member*> started;
  for (const auto* member : *members) {
    if (reinitialize(context, **session, *member, verb)) started.push_back(member);
  }
  if (verb.wait) wait_for_copies(context, **session, started);
  return started.size() == members->size() ? 0 : context.declined();
}

Result<int> run_verb(Context& context, const Flush& verb) {
  auto names = verb.selection.names;
  const auto is_target = [](const std::string& word) { return word == "restart" || word == "switchover"; };
  // A cluster may bear such a name: the target is the first such word behind the cluster's, or the only word.
  const auto from =
      names.size() > 1 && context.style == Style::patronictl ? names.begin() + 1 : names.begin();
  const auto found = std::find_if(from, names.end(), is_target);
  if (found == names.end()) return fail(Errc::invalid_argument, "flush what? Say `restart` or `switchover`");
  const std::string target = *found;
  names.erase(found);
  const auto session = Session::open_for(context.common, context.style, names);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  if (target == "switchover") return flush_switchover(context, **session, *cluster);
  return flush_restarts(context, **session, *cluster, verb, names);
}

}  // namespace holdfast::cli
