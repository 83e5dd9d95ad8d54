#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <random>

#include "cli/choose_members.hpp"
#include "cli/members.hpp"
#include "cli/schedule.hpp"
#include "cli/session.hpp"

namespace holdfast::cli {
namespace {

// A restart answers when PostgreSQL is back, which may take a checkpoint and a recovery.
constexpr milliseconds restart_limit = 1h;

// patronictl asks for what the options did not say.
Result<std::optional<WallInstant>> settle_time(Context& context, const Restart& verb,
                                               const dcs::Cluster& cluster) {
  std::string when = verb.scheduled.value_or("now");
  if (!verb.scheduled && !verb.force) {
    auto answer = context.terminal.ask(
        fmt::format("When should the restart take place (e.g. {}) ", next_hour_example(wall_now())), "now");
    if (!answer) return tl::unexpected(answer.error());
    when = *answer;
  }
  auto at = parse_scheduled(when);
  if (at && *at && is_paused(cluster))
    return fail(Errc::refused, "Can't schedule restart in the paused state");
  return at;
}

Result<std::string> settle_version(Context& context, const Restart& verb) {
  std::string version = verb.pg_version.value_or("");
  if (!verb.pg_version && !verb.force) {
    auto answer =
        context.terminal.ask("Restart if the PostgreSQL version is less than provided (e.g. 9.5.2) ", "");
    if (!answer) return tl::unexpected(answer.error());
    version = *answer;
  }
  const bool is_version = version.find_first_not_of("0123456789.") == std::string::npos;
  if (!is_version)
    return fail(Errc::invalid_argument, fmt::format("'{}' is no version of PostgreSQL", version));
  return version;
}

std::string body_of(const Restart& verb, const std::optional<WallInstant>& at, const std::string& version) {
  boost::json::object body;
  if (verb.pending) body["restart_pending"] = true;
  if (!version.empty()) body["postgres_version"] = version;
  if (at) body["schedule"] = print_local_iso(*at);
  if (verb.timeout) body["timeout"] = *verb.timeout;
  if (verb.selection.role && *verb.selection.role != "any") body["role"] = *verb.selection.role;
  return dcs::print_json(body);
}

std::string outcome_line(const std::string& name, const Result<http::Response>& answer) {
  if (!answer) return fmt::format("Failed: restart for member {}: {}", name, to_string(answer.error()));
  switch (answer->status) {
    case 200:
      return "Success: restart on member " + name;
    case 202:
      return "Success: restart scheduled on member " + name;
    case 409:
      return "Failed: another restart is already scheduled on member " + name;
    default:
      return fmt::format("Failed: restart for member {}, status code={}, ({})", name, answer->status,
                         answer->body);
  }
}

int restart_all(Context& context, Session& session, const std::vector<const dcs::Member*>& members,
                const std::string& body, bool replaces_schedule) {
  int code = 0;
  for (const auto* member : members) {
    if (replaces_schedule && !member->scheduled_restart.empty()) {
      const auto dropped = session.ask(*member, "DELETE", "/restart");
      if (!dropped || dropped->status >= 400)
        context.terminal.complain("Warning: the restart that is scheduled on " + member->name +
                                  " could not be dropped");
    }
    const auto answer = session.ask(*member, "POST", "/restart", body, restart_limit);
    context.terminal.say(outcome_line(member->name, answer));
    if (!answer || answer->status >= 300) code = context.declined();
  }
  return code;
}

}  // namespace

Result<int> run_verb(Context& context, const Restart& verb) {
  auto names = verb.selection.names;
  const auto session = Session::open_for(context.common, context.style, names);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  const std::string role = verb.selection.role.value_or("any");
  auto members = choose_members(context, *cluster, {(*session)->scope(), "restart", names, role, verb.force});
  if (!members) return tl::unexpected(members.error());
  const auto at = settle_time(context, verb, *cluster);
  if (!at) return tl::unexpected(at.error());
  if (!verb.force) {
    const auto confirmed = confirm_members(context, *members, "restart", *at ? print_local_iso(**at) : "");
    if (!confirmed) return tl::unexpected(confirmed.error());
  }
  if (verb.any && members->size() > 1) {
    std::random_device seed;
    std::swap(members->front(), (*members)[seed() % members->size()]);
    members->resize(1);
  }
  const auto version = settle_version(context, verb);
  if (!version) return tl::unexpected(version.error());
  return restart_all(context, **session, *members, body_of(verb, *at, *version),
                     verb.force && at->has_value());
}

}  // namespace holdfast::cli
