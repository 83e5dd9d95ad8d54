#include "sim/vrrp/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/core/random.hpp"

namespace holdfast::sim::vip {
namespace {

constexpr int units_of_start = 12;
constexpr int units_of_faults = 160;

template <class T, std::size_t N>
T pick(Random& random, const std::array<T, N>& all) {
  return all[random.below(N)];
}

IpAddress address_of(int network, int host) {
  const std::array<std::uint8_t, 4> bytes{10, 0, static_cast<std::uint8_t>(network),
                                          static_cast<std::uint8_t>(host + 1)};
  return IpAddress::of(bytes);
}

// Whatever the hosts have in common.
vrrp::RouterOptions draw_common(Random& random, Shape& shape) {
  vrrp::RouterOptions options;
  options.version = random.chance(0.25) ? vrrp::Version::v2 : vrrp::Version::v3;
  shape.unit =
      options.version == vrrp::Version::v2 ? 1s : pick(random, std::array{40ms, 100ms, 100ms, 1000ms});
  options.down_timer_adverts = pick(random, std::array{3, 3, 3, 2, 4});
  options.needs_claim = shape.needs_claim = random.chance(0.4);
  options.address_lifetime = shape.unit * pick(random, std::array{2, 5, 10, 20});
  options.garp_master_delay = shape.unit * pick(random, std::array{0, 10, 50});
  options.garp_lower_prio_delay = shape.unit * pick(random, std::array{0, 10, 50});
  options.lower_prio_no_advert = random.chance(0.2);
  return options;
}

void draw_hosts(Random& random, Shape& shape, const vrrp::RouterOptions& common) {
  const auto count = 2 + random.below(4);
  const bool preempts = random.chance(0.5);
  const bool mixes = random.chance(0.3);                        // nopreempt on some
  const bool may_differ = common.version == vrrp::Version::v3;  // version 2 refuses another interval
  const bool has_owner = random.chance(0.1);
  for (std::size_t i = 0; i < count; ++i) {
    HostShape host;
    host.rate = 1.0 + (random.fraction() - 0.5) * 0.01;
    host.starts_at = random.between(0ns, shape.unit * units_of_start);
    const int shared_priority =
        50 * static_cast<int>(1 + random.below(4)) + static_cast<int>(random.below(2));
    for (int network = 0; network < shape.networks; ++network) {
      auto options = common;
      options.name = fmt::format("VI_{}", network);
      options.primary = address_of(network, static_cast<int>(i));
      options.preempt = mixes ? random.chance(0.5) : preempts;
      if (random.chance(0.2)) options.preempt_delay = shape.unit * 10;
      options.starts_as_master = random.chance(0.3);
      options.advert_int = shape.unit;
      if (may_differ && random.chance(0.2)) options.advert_int = std::max<milliseconds>(shape.unit / 5, 10ms);
      const int own_priority = 50 * static_cast<int>(1 + random.below(4));
      host.priorities.push_back(shape.is_grouped ? shared_priority : own_priority);
      if (has_owner && i == 0) host.priorities.back() = vrrp::priority_owner;
      if (shape.is_grouped && network > 0) {  // the members of a group are alike, as keepalived asks for
        const auto& first = host.routers.front();
        options.preempt = first.preempt;
        options.preempt_delay = first.preempt_delay;
        options.advert_int = first.advert_int;
      }
      host.routers.push_back(options);
    }
    shape.hosts.push_back(std::move(host));
  }
}

Fault draw_fault(Random& random, const Shape& shape) {
  const auto hosts = shape.hosts.size();
  Fault fault;
  fault.kind = static_cast<FaultKind>(random.below(fault_kinds));
  fault.at = shape.unit * units_of_start + random.between(0ns, shape.unit * units_of_faults);
  fault.lasts = random.between(shape.unit / 2, shape.unit * pick(random, std::array{3, 10, 50}));
  fault.host = static_cast<int>(random.below(hosts));
  fault.other =
      static_cast<int>((static_cast<std::size_t>(fault.host) + 1 + random.below(hosts - 1)) % hosts);
  fault.network = static_cast<int>(random.below(static_cast<std::size_t>(shape.networks)));
  switch (fault.kind) {
    // With a claim, a clock that stands still while the world goes on can't be allowed for.
    case FaultKind::halt:
      fault.number = shape.needs_claim ? 0 : static_cast<int>(random.below(2));
      break;
    case FaultKind::reprioritise:
      fault.number = random.chance(0.5) ? -60 : 60;
      break;
    case FaultKind::lose:
      fault.number = pick(random, std::array{10, 50});
      break;
    case FaultKind::delay:
      fault.number = pick(random, std::array{20, 150});
      break;
    case FaultKind::duplicate:
      fault.number = 30;
      break;
    case FaultKind::starve:
      fault.number = pick(random, std::array{50, 300});
      break;
    default:
      break;
  }
  return fault;
}

// At about the same time, and they get well one by one.
void let_all_be_sick(Random& random, Scenario& scenario) {
  const auto& shape = scenario.shape;
  scenario.faults.clear();
  for (int host = 0; host < static_cast<int>(shape.hosts.size()); ++host) {
    scenario.faults.push_back({.kind = FaultKind::sick,
                               .at = shape.unit * 40 + random.between(0ns, shape.unit * 5),
                               .lasts = random.between(shape.unit * 40, shape.unit * 120),
                               .host = host});
  }
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  constexpr std::array<std::string_view, fault_kinds> names{
      "crash",    "power-off",   "stop", "freeze", "halt",      "sick",   "reprioritise", "link-down",
      "cut-pair", "cut-one-way", "lose", "delay",  "duplicate", "starve", "cut-dcs",      "dcs-down"};
  return names[static_cast<std::size_t>(kind)];
}

std::string describe(const Fault& fault) {
  return fmt::format("{} {:.3f}+{:.3f} s h{} h{} net{} {}", to_string(fault.kind),
                     std::chrono::duration<double>{fault.at}.count(),
                     std::chrono::duration<double>{fault.lasts}.count(), fault.host, fault.other,
                     fault.network, fault.number);
}

Scenario draw_scenario(std::uint64_t seed) {
  Random random{seed};
  Scenario scenario{.seed = seed};
  auto& shape = scenario.shape;
  shape.networks = random.chance(0.35) ? 2 : 1;
  shape.is_grouped = shape.networks == 2 && random.chance(0.7);
  const auto common = draw_common(random, shape);
  draw_hosts(random, shape, common);
  shape.claim_ttl = shape.unit * pick(random, std::array{8, 20});
  shape.delay_max = nanoseconds{shape.unit} / pick(random, std::array{200, 50, 15});
  shape.lateness_max = nanoseconds{shape.unit} / pick(random, std::array{200, 50, 15});
  const auto count = random.chance(0.05) ? 0 : 1 + random.below(9);
  for (std::size_t i = 0; i < count; ++i) scenario.faults.push_back(draw_fault(random, shape));
  if (random.chance(0.05)) let_all_be_sick(random, scenario);
  std::ranges::sort(scenario.faults, {}, &Fault::at);
  scenario.healed_at = shape.unit * (units_of_start + units_of_faults);
  for (auto& fault : scenario.faults) fault.lasts = std::min(fault.lasts, scenario.healed_at - fault.at);
  scenario.ends_at = scenario.healed_at + Bounds{shape}.settled + 20 * nanoseconds{shape.unit};
  return scenario;
}

std::string describe(const Scenario& scenario) {
  const auto& shape = scenario.shape;
  const auto& common = shape.hosts.front().routers.front();
  auto text =
      fmt::format("VRRPv{}, unit {} ms, {} adverts, lifetime {} ms{}{}", static_cast<int>(common.version),
                  shape.unit.count(), common.down_timer_adverts, common.address_lifetime.count(),
                  shape.needs_claim ? fmt::format(", lease {} ms", shape.claim_ttl.count()) : "",
                  shape.is_grouped ? ", in a sync group" : "");
  for (std::size_t i = 0; i < shape.hosts.size(); ++i) {
    const auto& host = shape.hosts[i];
    for (std::size_t network = 0; network < host.routers.size(); ++network) {
      const auto& options = host.routers[network];
      text += fmt::format("; h{}/{} priority {} every {} ms{}", i, network, host.priorities[network],
                          options.advert_int.count(), options.preempt ? "" : " nopreempt");
    }
  }
  for (const auto& fault : scenario.faults) text += "; " + describe(fault);
  return text;
}

Bounds::Bounds(const Shape& shape) {
  const nanoseconds unit = shape.unit;
  const auto& common = shape.hosts.front().routers.front();
  const nanoseconds skew = common.version == vrrp::Version::v2 ? std::max<nanoseconds>(unit, 1s) : unit;
  SimTime preempt_delay{};
  for (const auto& host : shape.hosts) {
    for (const auto& options : host.routers)
      preempt_delay = std::max<SimTime>(preempt_delay, options.preempt_delay);
  }
  // Clocks differ by 1 % at most.
  const auto by_any_clock = [](nanoseconds time) { return time + time / 100; };
  latency = shape.delay_max + shape.lateness_max;
  down = by_any_clock(common.down_timer_adverts * unit + skew) + latency;
  two_heard = by_any_clock(unit) + 2 * latency;
  const SimTime ask =
      6 * shape.delay_max + 2 * unit + latency;  // a refusal, the pause after it, and asking again
  claim = shape.needs_claim ? by_any_clock(shape.claim_ttl) + 3 * ask : 0ns;
  hand_over = by_any_clock(skew) + 3 * latency + (shape.needs_claim ? 2 * ask : 0ns);
  none = 2 * down + claim;
  settled = 3 * down + by_any_clock(preempt_delay) + claim + (shape.is_grouped ? down : 0ns);
}

}  // namespace holdfast::sim::vip
