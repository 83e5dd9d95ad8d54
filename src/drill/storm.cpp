#include "drill/storm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace holdfast::drill {
namespace {

// std::mt19937_64 gives the same numbers everywhere; the standard's distributions do not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_{seed} {}
  std::uint64_t roll(std::uint64_t sides) { return engine_() % sides; }
  bool chance(std::uint64_t percent) { return roll(100) < percent; }
  milliseconds between(milliseconds low, milliseconds high) {
    const auto width = static_cast<std::uint64_t>((high - low).count()) + 1;
    return low + milliseconds{static_cast<std::int64_t>(roll(width))};
  }

 private:
  std::mt19937_64 engine_;
};

// A hiccup, something that is noticed, something that lasts.
milliseconds duration(Dice& dice) {
  const auto kind = dice.roll(4);
  if (kind == 0) return dice.between(100ms, 900ms);
  return kind == 3 ? dice.between(5s, 12s) : dice.between(1s, 5s);
}

struct Blueprint {
  std::optional<Victim> victim;
  Deed deed = Deed::kill;
  unsigned weight = 1;
};

std::vector<Blueprint> of_database_hosts(const StormOptions& options) {
  std::vector<Blueprint> all{{Victim::postgres, Deed::kill, 4}, {Victim::agent, Deed::kill, 2},
                             {Victim::agent, Deed::freeze, 3},  {Victim::postgres, Deed::freeze, 3},
                             {Victim::etcd, Deed::kill, 2},     {Victim::etcd, Deed::freeze, 2},
                             {Victim::node, Deed::freeze, 3},   {std::nullopt, Deed::kill, 3}};
  if (options.has_supervisors) all.push_back({Victim::roles, Deed::kill, 4});
  if (options.can_start) all.push_back({Victim::node, Deed::kill, 4});
  if (options.can_isolate) all.push_back({Victim::node, Deed::isolate, 5});
  return all;
}

std::vector<Blueprint> of_fronts(const StormOptions& options) {
  std::vector<Blueprint> all{{Victim::proxy, Deed::kill, 3}, {Victim::proxy, Deed::freeze, 2}};
  if (options.has_vips) {
    all.insert(all.end(), {{Victim::vip, Deed::kill, 2},
                           {Victim::vip, Deed::freeze, 2},
                           {Victim::vip, Deed::stop, 1},
                           {Victim::node, Deed::freeze, 1}});
  }
  if (options.has_vips && options.can_isolate) all.push_back({Victim::node, Deed::isolate, 2});
  if (options.has_vips && options.can_start) all.push_back({Victim::node, Deed::kill, 2});
  return all;
}

const Blueprint& draw(Dice& dice, const std::vector<Blueprint>& all) {
  unsigned sum = 0;
  for (const auto& each : all) sum += each.weight;
  auto at = dice.roll(sum);
  for (const auto& each : all) {
    if (at < each.weight) return each;
    at -= each.weight;
  }
  return all.back();
}

void add_beat(Trouble& trouble, Beat beat) {
  const auto place = std::upper_bound(trouble.beats.begin(), trouble.beats.end(), beat,
                                      [](const Beat& a, const Beat& b) { return a.after < b.after; });
  trouble.beats.insert(place, beat);
}

// No deed that lasts is begun twice, as the first undoing would end both. And who freezes a whole host
// freezes nothing else: to wake a part of it alone, PostgreSQL without all who could fence it, is no fault of
// this world.
bool fits(const Trouble& trouble, const Blueprint& drawn) {
  if (!drawn.victim) return false;
  return std::none_of(trouble.beats.begin(), trouble.beats.end(), [&](const Beat& beat) {
    const bool lasts = undo_of(*drawn.victim, drawn.deed).has_value();
    const bool is_same = lasts && beat.victim == drawn.victim && beat.deed == drawn.deed;
    const bool are_frozen = beat.deed == Deed::freeze && drawn.deed == Deed::freeze;
    return is_same || (are_frozen && (beat.victim == Victim::node || drawn.victim == Victim::node));
  });
}

// The deed and what undoes it.
void add_beats(Dice& dice, Trouble& trouble, const Blueprint& drawn, nanoseconds after) {
  add_beat(trouble, {after, drawn.victim, drawn.deed});
  if (!drawn.victim) return;
  const auto undo = undo_of(*drawn.victim, drawn.deed);
  if (undo) add_beat(trouble, {after + duration(dice), drawn.victim, *undo});
}

Trouble draw_trouble(Dice& dice, const std::vector<Blueprint>& all, bool at_fronts) {
  Trouble trouble{.pick = dice.roll(16)};
  trouble.pause = dice.chance(30) ? dice.between(100ms, 1s) : dice.between(1s, 6s);
  trouble.aim = at_fronts ? Aim::front : dice.chance(60) ? Aim::primary : Aim::standby;
  const auto* first = &draw(dice, all);
  while (!first->victim && trouble.aim != Aim::primary) first = &draw(dice, all);
  add_beats(dice, trouble, *first, 0ns);
  // Now and then one more on the same host while it suffers from the first.
  while (dice.chance(30) && trouble.beats.size() < 6) {
    const auto& next = draw(dice, all);
    if (fits(trouble, next)) add_beats(dice, trouble, next, dice.between(50ms, 3s));
  }
  return trouble;
}

std::vector<Trouble> draw_track(Dice& dice, const std::vector<Blueprint>& all, bool at_fronts,
                                nanoseconds length) {
  std::vector<Trouble> track;
  nanoseconds planned{};
  while (planned < length) {
    track.push_back(draw_trouble(dice, all, at_fronts));
    planned += track.back().pause + track.back().length();
  }
  return track;
}

std::string print_beat(const Beat& beat) {
  if (!beat.victim) return "switchover";
  return fmt::format("{} {}", to_string(beat.deed), to_string(*beat.victim));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string_view to_string(Aim aim) noexcept {
  if (aim == Aim::primary) return "the primary";
  return aim == Aim::standby ? "a standby" : "a proxy host";
}

std::string print_briefly(const Trouble& trouble) {
  if (trouble.beats.empty()) return "nothing";
  const auto first = print_beat(trouble.beats.front());
  return trouble.beats.size() == 1 ? first : fmt::format("{} and {} more", first, trouble.beats.size() - 1);
}

std::string print_trouble(const Trouble& trouble) {
  std::string text;
  for (const auto& beat : trouble.beats) {
    if (!text.empty())
      text += fmt::format(", after {:.1f} s ", std::chrono::duration<double>(beat.after).count());
    text += print_beat(beat);
  }
  return text;
}

std::optional<Deed> undo_of(Victim victim, Deed deed) {
  if (deed == Deed::freeze) return Deed::thaw;
  if (deed == Deed::isolate) return Deed::rejoin;
  if (deed == Deed::kill && victim == Victim::node) return Deed::start;
  if (deed == Deed::kill && victim == Victim::roles) return Deed::rejoin;
  return {};
}

Storm plan_storm(const StormOptions& options) {
  Storm storm;
  // Each track has dice of its own, so that one more track changes nothing of the others.
  const auto add = [&](const std::vector<Blueprint>& all, bool at_fronts) {
    Dice dice{options.seed * 0x9E3779B97F4A7C15ULL + storm.tracks.size()};
    storm.tracks.push_back(draw_track(dice, all, at_fronts, options.length));
  };
  add(of_database_hosts(options), false);
  if (options.has_fronts) add(of_fronts(options), true);
  if (options.is_mean) add(of_database_hosts(options), false);
  return storm;
}

std::optional<std::string> pick_victim(const Trouble& trouble, const Observation& seen,
                                       const std::vector<std::string>& taken) {
  std::vector<std::string> fitting;
  const auto offer = [&](const std::string& name) {
    if (!contains(taken, name)) fitting.push_back(name);
  };
  if (trouble.aim == Aim::front) {
    // Mostly whom clients use.
    if (const auto* holder = seen.vip_holder(); holder != nullptr && trouble.pick % 4 != 0)
      offer(holder->name);
    if (fitting.empty()) {
      for (const auto& proxy : seen.proxies) offer(proxy.name);
    }
  } else if (trouble.aim == Aim::primary) {
    if (const auto* primary = seen.primary()) offer(primary->name);
  } else {
    for (const auto& member : seen.members) {
      if (member.name != seen.leader) offer(member.name);
    }
  }
  if (fitting.empty()) return {};
  return fitting[trouble.pick % fitting.size()];
}

std::optional<std::string> too_much(const Observation& seen, const std::string& victim, Aim aim,
                                    bool is_synchronous) {
  if (aim == Aim::front) {
    for (const auto& proxy : seen.proxies) {
      if (proxy.name != victim && !proxy.answers) return proxy.name + " does not answer";
    }
    for (const auto& vip : seen.vips) {
      const bool stands = vip.answers && !vip.is_sick && (vip.state == "MASTER" || vip.state == "BACKUP");
      if (vip.name != victim && !stands) return vip.name + " vip: " + state_of(vip).text;
    }
    return {};
  }
  for (const auto& member : seen.members) {
    if (member.name != victim && !member.is_healthy())
      return fmt::format("{}: {}", member.name, state_of(member).text);
  }
  // Which one is missing is not known here: it may be another host's.
  if (seen.etcd_up < seen.etcd_members)
    return fmt::format("{} of {} etcd members answer", seen.etcd_up, seen.etcd_members);
  if (seen.primary() == nullptr) return "there is no primary";
  const bool has_synchronous = std::any_of(seen.members.begin(), seen.members.end(), [](const auto& member) {
    return member.synchronous && member.is_healthy();
  });
  if (is_synchronous && !has_synchronous) return "no standby is synchronous";
  return {};
}

}  // namespace holdfast::drill
