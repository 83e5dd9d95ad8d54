#include "sim/vrrp/world.hpp"

#include <algorithm>

#include "base/overload.hpp"
#include "vrrp/advert.hpp"

namespace holdfast::sim::vip {

World::World(const Scenario& scenario, const Mutant& mutant, Trace& trace)
    : scenario_{scenario},
      mutant_{mutant},
      bounds_{scenario.shape},
      trace_{trace},
      random_{scenario.seed ^ 0x5652525056525250ULL},
      claims_(at(scenario.shape.networks)),
      two_since_(at(scenario.shape.networks), SimTime::max()),
      none_since_(at(scenario.shape.networks), SimTime::max()),
      announced_last_(at(scenario.shape.networks), -1),
      may_go_unnoticed_(at(scenario.shape.networks), false),
      hand_overs_(at(scenario.shape.networks)) {
  for (const auto& shape : scenario.shape.hosts) {
    Host host;
    host.clock = Clock{shape.rate, random_.between(1h, 100h)};
    host.addresses.resize(at(scenario.shape.networks));
    host.links_down.resize(at(scenario.shape.networks));
    host.keepers.resize(at(scenario.shape.networks));
    hosts_.push_back(std::move(host));
  }
  for (std::size_t i = 0; i < hosts_.size(); ++i)
    queue_.at(scenario.shape.hosts[i].starts_at, [this, i] { start(static_cast<int>(i)); });
  for (const auto& fault : scenario.faults) {
    queue_.at(fault.at, [this, &fault] { begin(fault); });
    queue_.at(fault.at + fault.lasts, [this, &fault] { end(fault); });
  }
}

std::optional<Violation> World::run() {
  // Checked also where nothing happens.
  const nanoseconds pace = nanoseconds{scenario_.shape.unit} / 2;
  for (SimTime tick{}; tick < scenario_.ends_at && !violation_; tick += pace) {
    while (!violation_ && queue_.run_one(tick)) check();
    check();
  }
  return violation_;
}

// ---- hosts

// A mutant's router does not see the time in which its process stood still.
BootInstant World::router_clock(int host) const {
  const auto& self = hosts_[at(host)];
  if (!mutant_.hides_pauses) return self.clock.read(now());
  return self.clock.read(now()) - self.hidden;
}

void World::deliver(int host, std::function<void()> what) {
  auto& self = hosts_[at(host)];
  if (self.runs()) return what();
  if (self.is_powered && self.process != Process::none)
    self.inbox.push_back([this, host, incarnation = self.incarnation, what = std::move(what)] {
      if (hosts_[at(host)].incarnation == incarnation) what();
    });
}

void World::apply(int host, const std::vector<vrrp::NamedStep>& steps) {
  for (const auto& [router, step] : steps) {
    const auto network = static_cast<int>(router);
    for (const auto& action : step.actions) act(host, network, step, action);
    if (step.transition) on_transition(host, network, *step.transition);
  }
  set_timer(host);
}

void World::act(int host, int network, const vrrp::Step& step, vrrp::Action action) {
  auto& self = hosts_[at(host)];
  if (mutant_.does != nullptr && !mutant_.does(self.ensemble->view(at(network)), step, action)) return;
  trace_.mix(static_cast<std::uint64_t>(now().count()) * 31 + action.index() * 8 + at(host));
  auto& addresses = self.addresses[at(network)];
  std::visit(Overload{[&](const vrrp::SendAdvert& send) { broadcast(host, network, send.priority); },
                      [&](const vrrp::HoldAddresses& hold) {
                        addresses = {clock(host) + hold.lifetime, hold.lifetime};
                      },
                      [&](const vrrp::DropAddresses&) { addresses.valid_until = {}; },
                      [&](const vrrp::Announce&) {
                        ++counts_.announcements;
                        if (self.links_down[at(network)] > 0) return;
                        announced_last_[at(network)] = host;
                        may_go_unnoticed_[at(network)] = false;
                      },
                      [&](const vrrp::Claim&) { ask(host, network, true); },
                      [&](const vrrp::Unclaim&) { ask(host, network, false); }},
             action);
  const auto* advert = std::get_if<vrrp::SendAdvert>(&action);
  const bool is_usual =
      std::holds_alternative<vrrp::HoldAddresses>(action) || (advert != nullptr && advert->priority > 0);
  if (!is_usual) trace_.say(now(), fmt::format("h{}/{}", host, network), "{}", to_string(action));
}

void World::set_timer(int host) {
  auto& self = hosts_[at(host)];
  const auto wake_at = self.ensemble->wake_at();
  const auto generation = ++self.wake_generation;
  if (wake_at == BootInstant::max()) return;
  const auto& unit = scenario_.shape.unit;
  auto late = random_.between(0ns, scenario_.shape.lateness_max);
  if (self.starving > 0) late += random_.between(0ns, nanoseconds{unit} * self.starving / 100);
  if (mutant_.is_late) late += 2 * nanoseconds{unit};
  const auto due = mutant_.hides_pauses ? wake_at + self.hidden : wake_at;
  queue_.at(self.clock.when(due) + late, [this, host, generation] {
    deliver(host, [this, host, generation] {
      auto& woken = hosts_[at(host)];
      if (woken.wake_generation == generation) apply(host, woken.ensemble->on_time(router_clock(host)));
    });
  });
}

vrrp::Standing World::standing_of(int host, int network) const {
  const auto& self = hosts_[at(host)];
  vrrp::Standing standing{.priority = scenario_.shape.hosts[at(host)].priorities[at(network)]};
  if (standing.priority != vrrp::priority_owner)
    standing.priority = std::clamp(standing.priority + self.priority_change, 2, 254);
  standing.is_sick = self.sick > 0;
  standing.is_fault = self.links_down[at(network)] > 0;
  if (standing.is_sick) standing.why = "proxy lb1 has ended";
  if (standing.is_fault) standing.why = "interface eth0: carrier lost";
  if (mutant_.standing != nullptr) mutant_.standing(standing);
  return standing;
}

// ---- the network

bool World::is_cut(int from, int to, int network) const {
  if (hosts_[at(from)].links_down[at(network)] > 0 || hosts_[at(to)].links_down[at(network)] > 0) return true;
  const auto cut = cuts_.find({from, to});
  return cut != cuts_.end() && cut->second > 0;
}

void World::broadcast(int from, int network, int priority) {
  const auto& options = hosts_[at(from)].ensemble->options(at(network));
  ++counts_.adverts;
  const vrrp::Envelope envelope{.source = options.primary,
                                .destination = vrrp::multicast_group(IpAddress::Family::ipv4)};
  const vrrp::Advert advert{.version = options.version,
                            .virtual_router_id = 51,
                            .priority = static_cast<std::uint8_t>(priority),
                            .interval = options.advert_int};
  const auto bytes = vrrp::encode(advert, envelope);
  for (int to = 0; to < static_cast<int>(hosts_.size()); ++to) {
    if (to == from || is_cut(from, to, network)) continue;
    int copies = random_.chance(duplicating_ / 100.0) ? 2 : 1;
    if (random_.chance(losing_ / 100.0)) copies = 0;
    for (int i = 0; i < copies; ++i) {
      auto delay = latency();
      auto& last = arrives_[{from, to}];
      last = std::max(last, now() + delay);
      delay = last - now();
      if (delaying_ > 0) delay += random_.between(0ns, nanoseconds{scenario_.shape.unit} * delaying_ / 100);
      queue_.after(delay, [this, to, network, bytes, envelope] {
        if (hosts_[at(to)].is_halted) return;  // nothing is there to keep it
        deliver(to, [this, to, network, bytes, envelope] { receive(to, network, bytes, envelope); });
      });
    }
  }
}

void World::receive(int host, int network, const std::vector<std::uint8_t>& bytes,
                    const vrrp::Envelope& envelope) {
  auto& self = hosts_[at(host)];
  if (self.links_down[at(network)] > 0) return;
  const auto decoded = vrrp::decode(bytes, envelope);
  if (!decoded) return fail("codec", decoded.error().detail);
  const auto& options = self.ensemble->options(at(network));
  const vrrp::Expectation expected{
      .version = options.version, .interval = options.advert_int, .own = {options.primary}};
  if (const auto rejection = vrrp::mismatch(decoded->advert, envelope, expected))
    return fail("codec", rejection->detail);
  vrrp::Heard heard{
      .source = envelope.source, .priority = decoded->advert.priority, .interval = decoded->advert.interval};
  if (mutant_.hears != nullptr && !mutant_.hears(options, self.ensemble->view(at(network)), heard)) return;
  apply(host, self.ensemble->on_advert(router_clock(host), at(network), heard));
}

}  // namespace holdfast::sim::vip
