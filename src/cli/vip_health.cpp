#include "cli/vip_health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "cli/text.hpp"

namespace holdfast::cli {
namespace {

// A router is master until so many adverts are missing (keepalived's default 3, and a skew of up to one), and
// an answer is a moment old.
constexpr int adverts_missing_max = 4;
constexpr milliseconds answer_age_max = 1s;

constexpr auto flapping_window = 10min;
constexpr int flapping_max = 3;  // times that an address may move within it

bool is_ipv6(const VipRouter& router) {
  return !router.addresses.empty() && router.addresses.front().find(':') != std::string::npos;
}

std::string why_not(const VipTeam::Place& place) {
  const auto& router = *place.router;
  std::string why = router.is_sick || !router.priority_why.empty() ? router.priority_why : router.reason;
  if (router.is_sick) return fmt::format("{} is sick ({})", place.host->name, why);
  return fmt::format("{} is in {} ({})", place.host->name, router.state, why);
}

std::string on(const VipHost& host) {
  return "on " + host.name;
}

void find_two_masters(const VipTeam& team, Findings& out) {
  const auto& first = *team.masters().front().router;
  std::vector<std::string> names;
  for (const auto& [host, router] : team.masters())
    names.push_back(fmt::format("{} (priority {})", host->name, router->priority));
  out.push_back({Severity::degraded, fmt::format("{} has two masters: {}", team.address(), join(names, ", ")),
                 fmt::format("they do not hear each other; on both: tcpdump -nni {} {} proto 112",
                             first.interface, is_ipv6(first) ? "ip6" : "ip")});
}

void find_no_master(const VipTeam& team, Findings& out) {
  std::vector<std::string> reasons;
  for (const auto& place : team.places) reasons.push_back(why_not(place));
  for (const auto* host : team.silent) reasons.push_back(host->name + " is silent");
  out.push_back({Severity::degraded,
                 fmt::format("nobody is master of {}: {}", team.address(), join(reasons, "; ")),
                 "mend one of them: holdfast vip show; there: journalctl -u holdfast-vip"});
}

void find_holder(const VipTeam& team, Findings& out) {
  for (const auto& [host, router] : team.places) {
    if (router->is_master() && !router->holds) {
      out.push_back({Severity::degraded,
                     fmt::format("{} is master of {} but does not hold it", host->name, team.address()),
                     fmt::format("{}: ip address show dev {}; journalctl -u holdfast-vip", on(*host),
                                 router->interface)});
    } else if (!router->is_master() && router->holds) {
      out.push_back(
          {Severity::degraded,
           fmt::format("{} still holds {} and is {}", host->name, team.address(), router->state),
           fmt::format("{}: journalctl -u holdfast-vip; the kernel drops the address within its lifetime",
                       on(*host))});
    }
    if (router->is_master() && router->is_sick) {
      out.push_back({Severity::degraded,
                     fmt::format("{} holds {} although its service does not work: {}", host->name,
                                 team.address(), router->priority_why),
                     fmt::format("{}: systemctl status holdfast-proxy", on(*host))});
    }
  }
}

// Why nobody could, or which of several could not.
void find_backups(const VipTeam& team, Findings& out) {
  std::vector<std::string> reasons;
  bool has_one = false;
  for (const auto& place : team.places) {
    if (place.router->is_master()) continue;
    has_one = has_one || place.router->can_take_over();
    if (!place.router->can_take_over()) reasons.push_back(why_not(place));
  }
  for (const auto* host : team.silent) reasons.push_back(host->name + " is silent");
  if (has_one) {
    for (const auto& place : team.places) {
      if (place.router->is_master() || place.router->can_take_over()) continue;
      out.push_back(
          {Severity::degraded,
           fmt::format("{} can't take {} over: {}", place.host->name, team.address(), why_not(place)),
           fmt::format("{}: journalctl -u holdfast-vip", on(*place.host))});
    }
  } else if (!reasons.empty()) {
    out.push_back({Severity::degraded,
                   fmt::format("nobody could take {} over: {}", team.address(), join(reasons, "; ")),
                   "mend one of them before the master's host is lost: holdfast vip show"});
  }
}

void find_flapping(const VipTeam& team, const VipHealth& health, Findings& out) {
  int moves = 0;
  for (const auto& [host, router] : team.places) {
    moves += static_cast<int>(std::ranges::count_if(host->passages, [&](const VipPassage& passage) {
      return passage.router == router->name && passage.to == "MASTER" &&
             health.asked_at - passage.at <= flapping_window;
    }));
  }
  if (moves <= flapping_max) return;
  out.push_back({Severity::degraded,
                 fmt::format("{} changed its master {} times within 10 minutes", team.address(), moves),
                 "read the reasons below `holdfast vip show`; lost adverts or a tracked thing that comes and "
                 "goes"});
}

void find_team(const VipTeam& team, const VipHealth& health, Findings& out) {
  const auto masters = team.masters();
  if (masters.size() > 1) {
    find_two_masters(team, out);
  } else if (masters.empty() && team.heard_master() == nullptr) {
    find_no_master(team, out);
  }
  find_holder(team, out);
  if (!masters.empty()) find_backups(team, out);
  find_flapping(team, health, out);
}

}  // namespace

bool VipRouter::is_led(milliseconds age) const {
  return state == "BACKUP" && heard && heard->priority > 0 &&
         heard->ago <= adverts_missing_max * advert_int + age;
}

std::vector<VipTeam::Place> VipTeam::masters() const {
  std::vector<Place> found;
  std::ranges::copy_if(places, std::back_inserter(found),
                       [](const Place& place) { return place.router->is_master(); });
  return found;
}

const VipAdvert* VipTeam::heard_master() const {
  const auto led =
      std::ranges::find_if(places, [](const Place& place) { return place.router->is_led(answer_age_max); });
  return led == places.end() ? nullptr : &*led->router->heard;
}

std::string VipTeam::address() const {
  return addresses.empty() ? name : addresses.front().substr(0, addresses.front().find('/'));
}

std::vector<VipTeam> teams_of(const VipHealth& health) {
  std::vector<VipTeam> teams;
  for (const auto& host : health.hosts) {
    for (const auto& router : host.routers) {
      auto team = std::ranges::find_if(teams, [&](const VipTeam& each) {
        return each.id == router.id && is_ipv6(*each.places.front().router) == is_ipv6(router);
      });
      if (team == teams.end()) {
        teams.push_back({.name = router.name, .id = router.id, .addresses = router.addresses});
        team = teams.end() - 1;
      }
      team->places.push_back({&host, &router});
    }
  }
  for (auto& team : teams) {
    for (const auto& host : health.hosts) {
      if (!host.answers) team.silent.push_back(&host);
    }
  }
  return teams;
}

std::vector<VipPassage> passages_of(const VipHealth& health) {
  // Each host's own stay in their order, also those of one millisecond.
  std::multimap<WallInstant, const VipPassage*> by_time;
  for (const auto& host : health.hosts) {
    for (const auto& passage : host.passages) by_time.emplace(passage.at, &passage);
  }
  std::vector<VipPassage> all;
  for (const auto& [at, passage] : by_time) all.push_back(*passage);
  return all;
}

Findings findings_of(const VipHealth& health) {
  Findings found;
  for (const auto& team : teams_of(health)) find_team(team, health, found);
  for (const auto& host : health.hosts) {
    if (host.answers) continue;
    found.push_back({Severity::degraded,
                     fmt::format("the role vip of {} doesn't answer ({})", host.name, host.silence),
                     on(host) + ": systemctl status holdfast-vip (or holdfast)"});
  }
  return found;
}

int vip_exit_code(const VipHealth& health) {
  const auto teams = teams_of(health);
  const bool is_unknown = teams.empty() && !health.hosts.empty();
  const bool is_lost = std::ranges::any_of(teams, [](const VipTeam& team) {
    const auto masters = team.masters();
    if (masters.empty()) return team.heard_master() == nullptr;
    return std::ranges::none_of(masters, [](const auto& place) { return place.router->holds; });
  });
  return is_unknown || is_lost ? 2 : exit_code_of(findings_of(health));
}

}  // namespace holdfast::cli
