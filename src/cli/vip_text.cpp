#include "cli/vip_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"
#include "cli/yaml.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t passages_shown = 10;

std::string since_text(const VipRouter& router) {
  return router.since ? local_time(*router.since) : "";
}

// "250"; "230 of 250: script chk_disk: exit code 1 (-20)"; "1 of 250: lb1's proxy has ended".
std::string priority_text(const VipRouter& router) {
  std::string text = std::to_string(router.priority);
  if (router.priority != router.base_priority) text += fmt::format(" of {}", router.base_priority);
  return router.priority_why.empty() ? text : text + ": " + router.priority_why;
}

std::string heard_text(const VipRouter& router) {
  if (!router.heard) return "";
  const auto ago = router.heard->ago;
  const auto shown = ago < 10s ? ago : milliseconds{std::chrono::floor<seconds>(ago)};
  return fmt::format("{}, priority {}, {} ago", router.heard->from, router.heard->priority,
                     print_duration(shown));
}

std::string state_text(const VipRouter& router) {
  return router.state + (router.is_sick ? ", sick" : "");
}

// For the machine-readable forms a name without spaces, for people a head.
Table empty_table() {
  Table table;
  table.columns = {{.name = "name", .is_pretty = false},
                   {.name = "virtual_router_id", .is_pretty = false},
                   {.name = "host", .head = "Host"},
                   {.name = "state", .head = "State"},
                   {.name = "since", .head = "Since"},
                   {.name = "priority", .head = "Priority"},
                   {.name = "holds_addresses", .head = "Address"},
                   {.name = "last_advert", .head = "Last advert of another"},
                   {.name = "down", .head = "Down"}};
  return table;
}

void add_rows(const VipTeam& team, const VipHealth& health, Table& table) {
  for (const auto& host : health.hosts) {
    const auto place = std::ranges::find(team.places, &host, &VipTeam::Place::host);
    if (place == team.places.end()) {
      if (host.answers) continue;  // it has other virtual routers
      table.rows.push_back({json::value(team.name), team.id, json::value(host.name), json::value("silent"),
                            json::value(""), json::value(""), json::value(""), json::value(""),
                            json::value(host.silence)});
      continue;
    }
    const auto& router = *place->router;
    table.rows.push_back({json::value(router.name), router.id, json::value(host.name),
                          json::value(state_text(router)), json::value(since_text(router)),
                          json::value(priority_text(router)), json::value(router.holds ? "here" : ""),
                          json::value(heard_text(router)), json::value(join(router.down, "\n"))});
  }
}

// Hosts that are silent, when that is all that is known.
VipTeam unknown_team() {
  return {.name = "unknown", .id = 0, .addresses = {}, .places = {}, .silent = {}};
}

std::string title_of(const VipTeam& team) {
  if (team.addresses.empty()) return " Virtual router: nobody tells ";
  return fmt::format(" Virtual router {}, id {}: {} ", team.name, team.id, join(team.addresses, ", "));
}

std::string passages_text(const VipHealth& health) {
  const auto all = passages_of(health);
  if (all.empty()) return {};
  Table table{.title = " Last transitions ", .columns = {}, .rows = {}};
  table.columns = {
      {.name = "When"}, {.name = "Host"}, {.name = "Virtual router"}, {.name = "To"}, {.name = "Because"}};
  for (std::size_t i = all.size() - std::min(all.size(), passages_shown); i < all.size(); ++i) {
    const auto& passage = all[i];
    table.rows.push_back({json::value(local_time_fine(passage.at).substr(0, 23)), json::value(passage.host),
                          json::value(passage.router),
                          json::value(fmt::format("{} -> {}", passage.from, passage.to)),
                          json::value(passage.reason)});
  }
  return "\n" + print_table(table, Format::pretty);
}

std::string print_pretty(const VipHealth& health, const std::vector<VipTeam>& teams, bool colored) {
  std::string out;
  for (const auto& team : teams) {
    Table table = empty_table();
    table.title = title_of(team);
    add_rows(team, health, table);
    out += (out.empty() ? "" : "\n") + print_table(table, Format::pretty);
  }
  return out + passages_text(health) + print_findings(findings_of(health), colored);
}

std::string print_tsv(const VipHealth& health, const std::vector<VipTeam>& teams) {
  Table table = empty_table();
  for (const auto& team : teams) add_rows(team, health, table);
  for (auto& row : table.rows) {
    // One line each.
    if (auto* down = row.back().if_string()) std::ranges::replace(*down, '\n', ';');
  }
  return print_table(table, Format::tsv);
}

std::string leader_text(const VipTeam& team) {
  std::vector<std::string> names;
  for (const auto& [host, router] : team.masters()) {
    std::string text = host->name;
    if (router->since) text += " since " + since_text(*router);
    if (router->is_sick) text += " (sick)";
    if (!router->holds) text += " (which does not hold it)";
    names.push_back(std::move(text));
  }
  if (!names.empty()) return "on " + join(names, " and on ");
  const auto* heard = team.heard_master();
  return heard == nullptr ? "on nobody" : fmt::format("on {}, as a backup hears", heard->from);
}

std::string backups_text(const VipTeam& team) {
  std::vector<std::string> names;
  for (const auto& [host, router] : team.places) {
    if (router->can_take_over()) names.push_back(fmt::format("{} ({})", host->name, router->priority));
  }
  return names.empty() ? "nobody" : join(names, ", ");
}

json::object router_json(const VipHost& host, const VipRouter& router) {
  json::object object{{"host", host.name},
                      {"instance", router.name},
                      {"state", router.state},
                      {"since", router.since ? json::value(print_iso(*router.since)) : json::value{}},
                      {"reason", router.reason},
                      {"priority", router.priority},
                      {"base_priority", router.base_priority},
                      {"priority_why", router.priority_why},
                      {"is_sick", router.is_sick},
                      {"holds_addresses", router.holds},
                      {"interface", router.interface},
                      {"ownership", router.is_leased ? "lease" : "vrrp"},
                      {"down", json::array(router.down.begin(), router.down.end())}};
  if (router.heard) {
    object["last_advert"] = json::object{{"from", router.heard->from},
                                         {"priority", router.heard->priority},
                                         {"ago_ms", router.heard->ago.count()}};
  }
  return object;
}

json::object team_json(const VipTeam& team) {
  json::array masters, places;
  for (const auto& place : team.masters()) masters.emplace_back(place.host->name);
  for (const auto& [host, router] : team.places) places.emplace_back(router_json(*host, *router));
  return {{"name", team.name},
          {"virtual_router_id", team.id},
          {"addresses", json::array(team.addresses.begin(), team.addresses.end())},
          {"masters", std::move(masters)},
          {"hosts", std::move(places)}};
}

json::object host_json(const VipHost& host) {
  json::object object{{"name", host.name}, {"url", host.url}, {"answers", host.answers}};
  if (!host.answers) object["why"] = host.silence;
  return object;
}

json::object passage_json(const VipPassage& passage) {
  return {{"at", print_iso(passage.at)}, {"host", passage.host}, {"instance", passage.router},
          {"from", passage.from},        {"to", passage.to},     {"reason", passage.reason}};
}

}  // namespace

std::vector<std::string> address_lines(const VipHealth& health) {
  std::vector<std::string> lines;
  for (const auto& team : teams_of(health)) {
    lines.push_back(fmt::format("Address   {} {}; could take over: {}", team.address(), leader_text(team),
                                backups_text(team)));
  }
  if (lines.empty() && !health.hosts.empty()) lines.emplace_back("Address   nobody tells where it is");
  return lines;
}

json::object vip_json(const VipHealth& health) {
  json::array teams, hosts, passages;
  for (const auto& team : teams_of(health)) teams.emplace_back(team_json(team));
  for (const auto& host : health.hosts) hosts.emplace_back(host_json(host));
  for (const auto& passage : passages_of(health)) passages.emplace_back(passage_json(passage));
  return {{"virtual_routers", std::move(teams)},
          {"hosts", std::move(hosts)},
          {"transitions", std::move(passages)}};
}

std::string print_vip(const VipHealth& health, Format format, bool colored) {
  if (format == Format::json || format == Format::yaml) {
    auto document = vip_json(health);
    document["findings"] = findings_json(findings_of(health));
    return (format == Format::json ? print_spaced_json(document) : print_yaml(document)) + "\n";
  }
  auto teams = teams_of(health);
  if (teams.empty()) teams.push_back(unknown_team());
  return format == Format::tsv ? print_tsv(health, teams) : print_pretty(health, teams, colored);
}

}  // namespace holdfast::cli
