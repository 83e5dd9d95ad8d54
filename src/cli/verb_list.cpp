#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "base/version.hpp"
#include "cli/members.hpp"
#include "cli/print_cluster.hpp"
#include "cli/selection.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "cli/watch.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

Result<int> list_once(Context& context, const List& verb,
                      const std::vector<std::unique_ptr<Session>>& sessions) {
  if (verb.timestamp) context.terminal.say(local_time(wall_now()));
  for (const auto& session : sessions) {
    const auto cluster = session->read();
    if (!cluster) return tl::unexpected(cluster.error());
    print_cluster(context.terminal, *cluster, session->scope(), verb.extended, verb.format);
  }
  return 0;
}

// 150004 -> "15.4"
std::string server_version_text(std::int64_t version) {
  if (version < 100000) return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
  return fmt::format("{}.{}", version / 10000, version % 100);
}

std::string version_line(const dcs::Member& member, const Result<http::Response>& answer) {
  if (!answer) return fmt::format("{}: failed to get version: {}", member.name, answer.error().context);
  const auto document = dcs::parse_json_object(answer->body);
  if (!document) return fmt::format("{}: failed to get version: not a JSON object", member.name);
  const auto* patroni = document->if_contains("patroni");
  const auto* version =
      patroni != nullptr && patroni->is_object() ? patroni->as_object().if_contains("version") : nullptr;
  const auto* server = document->if_contains("server_version");
  const std::string postgres =
      server != nullptr && server->is_int64() ? " PostgreSQL " + server_version_text(server->as_int64()) : "";
  return fmt::format("{}: Patroni {}{}", member.name, version != nullptr ? plain_text(*version) : "None",
                     postgres);
}

json::value history_cell(const std::optional<std::string>& text) {
  return json::value(text.value_or(""));
}

}  // namespace

void print_cluster(Terminal& terminal, const dcs::Cluster& cluster, const std::string& scope, bool extended,
                   Format format) {
  std::string text = print_table(members_table(cluster, scope, extended, format), format);
  if (text.ends_with('\n')) text.pop_back();
  if (!text.empty()) terminal.say(text);
  if (format != Format::pretty && format != Format::topology) return;
  for (const auto& line : service_lines(cluster)) terminal.say(line);
  for (const auto& problem : cluster.problems) terminal.complain("Warning: ignored in etcd: " + problem);
}

Result<int> run_verb(Context& context, const List& verb) {
  auto names = verb.clusters;
  if (names.empty()) names.emplace_back();
  std::vector<std::unique_ptr<Session>> sessions;
  for (const auto& name : names) {
    auto session = Session::open(context.common, name);
    if (!session) return tl::unexpected(session.error());
    sessions.push_back(*std::move(session));
  }
  return watching(context.terminal, verb.watch, true, [&] { return list_once(context, verb, sessions); });
}

Result<int> run_verb(Context& context, const History& verb) {
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  Table table;
  table.columns = {{.name = "TL", .is_right = true},
                   {.name = "LSN", .is_right = true},
                   {.name = "Reason"},
                   {.name = "Timestamp"},
                   {.name = "New Leader"}};
  for (const auto& entry : cluster->history ? cluster->history->entries : std::vector<dcs::HistoryEntry>{}) {
    table.rows.push_back({entry.timeline, entry.at.value, json::value(entry.reason), history_cell(entry.when),
                          history_cell(entry.leader)});
  }
  std::string text = print_table(table, verb.format);
  text.pop_back();
  context.terminal.say(text);
  return 0;
}

Result<int> run_verb(Context& context, const Dsn& verb) {
  const auto wanted = role_or_member(verb.role, verb.member);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  for (const auto* member : members_with_role(*cluster, wanted->role)) {
    const auto address = address_of(*member);
    if (!address || (wanted->member && *wanted->member != member->name)) continue;
    context.terminal.say(fmt::format("host={} port={}", address->host, address->port));
    return 0;
  }
  return fail(Errc::not_found, "Can not find a suitable member");
}

Result<int> run_verb(Context& context, const Version& verb) {
  if (context.style == Style::patronictl) {
    context.terminal.say(fmt::format("patronictl version {} (Holdfast {})", patroni_version, version));
  } else {
    context.terminal.say(fmt::format("holdfast {} (Patroni {} compatible)", version, patroni_version));
  }
  if (verb.names.empty()) return 0;
  auto names = verb.names;
  const auto session = Session::open_for(context.common, context.style, names);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  context.terminal.say("");
  for (const auto* member : members_with_role(*cluster, "any")) {
    const bool is_wanted = names.empty() || std::ranges::find(names, member->name) != names.end();
    if (member->api_url.empty() || !is_wanted) continue;
    context.terminal.say(version_line(*member, (*session)->ask(*member, "GET", "/patroni", {}, 5s)));
  }
  return 0;
}

}  // namespace holdfast::cli
