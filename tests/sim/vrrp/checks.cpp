#include <algorithm>

#include "sim/vrrp/world.hpp"

// What must hold after every event. Bounds says how long what may last.
namespace holdfast::sim::vip {

void World::fail(std::string checker, std::string what) {
  trace_.say(now(), "CHECK", "{}: {}", checker, what);
  if (!violation_) violation_ = Violation{std::move(checker), std::move(what)};
}

void World::touch() {
  if (changed_at_ != now()) was_settled_ = is_quiet(bounds_.settled);
  changed_at_ = now();
}

bool World::is_holding(int host, int network) const {
  const auto& self = hosts_[at(host)];
  return self.is_powered && !self.is_halted && self.links_down[at(network)] == 0 &&
         self.addresses[at(network)].are_held(clock(host));
}

// Can be master, if it must.
bool World::is_able(int host, int network) const {
  const auto& self = hosts_[at(host)];
  if (!self.runs()) return false;
  if (scenario_.shape.needs_claim && (self.dcs_cuts > 0 || dcs_down_ > 0)) return false;
  const auto is_up = [](int faults) { return faults == 0; };
  return scenario_.shape.is_grouped ? std::ranges::all_of(self.links_down, is_up)
                                    : self.links_down[at(network)] == 0;
}

bool World::is_master(int host, int network) const {
  const auto& self = hosts_[at(host)];
  return self.process != Process::none && self.ensemble->view(at(network)).state == vrrp::State::master;
}

void World::check() {
  if (violation_) return;
  for (int network = 0; network < scenario_.shape.networks; ++network) {
    check_claims(network);
    check_holders(network);
    check_hand_over(network);
    if (is_quiet(bounds_.settled)) check_settled(network);
  }
}

// With a lease two never hold the address, not for a moment, however they are cut off, frozen or thawed.
void World::check_claims(int network) {
  if (!scenario_.shape.needs_claim) return;
  int holders = 0;
  int masters = 0;
  for (int host = 0; host < hosts(); ++host) {
    if (is_holding(host, network)) ++holders;
    if (is_master(host, network) &&
        hosts_[at(host)].ensemble->view(at(network)).claim_until > router_clock(host))
      ++masters;
  }
  if (holders > 1) fail("claim", fmt::format("{} hosts hold the address of net{}", holders, network));
  if (masters > 1) fail("claim", fmt::format("{} masters of net{} have a claim", masters, network));
}

void World::check_holders(int network) {
  int running = 0;
  int holders = 0;
  bool somebody_is_able = false;
  for (int host = 0; host < hosts(); ++host) {
    const auto& self = hosts_[at(host)];
    somebody_is_able = somebody_is_able || is_able(host, network);
    if (!is_holding(host, network)) continue;
    ++holders;
    running += self.runs() ? 1 : 0;
    const nanoseconds lifetime = scenario_.shape.hosts[at(host)].routers[at(network)].address_lifetime;
    if (!self.runs() && now() > self.dead_since + lifetime + lifetime / 100)
      fail("lifetime", fmt::format("h{} does not run, and its kernel has kept net{}'s address for {} ms",
                                   host, network, (now() - self.dead_since) / 1ms));
  }
  auto& two_since = two_since_[at(network)];
  if (running < 2) two_since = SimTime::max();
  if (running >= 2) two_since = std::min(two_since, now());
  if (running >= 2 && disturbances_ == 0 && now() - std::max(two_since, changed_at_) > bounds_.two_heard)
    fail("two", fmt::format("{} hosts hear each other and hold the address of net{} since {} ms", running,
                            network, (now() - two_since) / 1ms));
  auto& none_since = none_since_[at(network)];
  if (holders > 0 || !somebody_is_able) none_since = SimTime::max();
  if (holders == 0 && somebody_is_able) none_since = std::min(none_since, now());
  if (none_since != SimTime::max() && disturbances_ == 0 &&
      now() - std::max(none_since, changed_at_) > bounds_.none)
    fail("none",
         fmt::format("nobody holds the address of net{} since {} ms", network, (now() - none_since) / 1ms));
}

// Nothing has changed for long: one master, the right one, whom everybody believes.
void World::check_settled(int network) {
  std::vector<int> able;
  std::vector<int> masters;
  for (int host = 0; host < hosts(); ++host) {
    if (is_able(host, network)) able.push_back(host);
    if (hosts_[at(host)].runs() && is_master(host, network)) masters.push_back(host);
  }
  if (able.empty()) return;
  if (masters.size() != 1) return fail("one", fmt::format("net{} has {} masters", network, masters.size()));
  const int master = masters.front();
  const auto& view = hosts_[at(master)].ensemble->view(at(network));
  if (!is_holding(master, network))
    return fail("one", fmt::format("h{} is master of net{} without its address", master, network));
  if (announced_last_[at(network)] != master && !may_go_unnoticed_[at(network)])
    fail("announced", fmt::format("h{} is master of net{}, and h{} announced last", master, network,
                                  announced_last_[at(network)]));
  if (scenario_.shape.is_grouped && !is_master(master, 1 - network))
    fail("group", fmt::format("h{} is master of net{} alone", master, network));
  for (const int host : able) {
    const auto& other = hosts_[at(host)];
    const auto& options = scenario_.shape.hosts[at(host)].routers[at(network)];
    if (hosts_[at(master)].sick > 0 && other.sick == 0)
      fail("sick", fmt::format("h{} is sick and master of net{}; h{} is well", master, network, host));
    const int priority = other.ensemble->view(at(network)).priority;
    if (options.preempt && priority > view.priority)
      fail("best", fmt::format("h{} is master of net{} with priority {}; h{} has {} and preempts", master,
                               network, view.priority, host, priority));
  }
}

// ---- an orderly end of mastership

void World::expect_hand_over(int host) {
  const auto soon = nanoseconds{scenario_.shape.unit} / 4;
  const bool was_settled = is_quiet(bounds_.settled) || (was_settled_ && now() - changed_at_ <= soon);
  if (!was_settled || disturbances_ > 0) return;
  for (int network = 0; network < scenario_.shape.networks; ++network) {
    if (!is_master(host, network)) continue;
    bool has_heir = false;
    for (int other = 0; other < hosts(); ++other)
      has_heir = has_heir || (other != host && is_able(other, network) && hosts_[at(other)].sick == 0);
    if (has_heir) hand_overs_[at(network)] = {host, now() + bounds_.hand_over, now()};
  }
}

void World::check_hand_over(int network) {
  auto& hand_over = hand_overs_[at(network)];
  if (hand_over.from < 0) return;
  const bool is_disturbed = changed_at_ > hand_over.asked_at || disturbances_ > 0;
  for (int host = 0; host < hosts(); ++host) {
    if (host != hand_over.from && is_holding(host, network)) hand_over.from = -1;
  }
  if (is_disturbed) hand_over.from = -1;
  if (hand_over.from >= 0 && now() > hand_over.until)
    fail("hand-over", fmt::format("h{} gave net{}'s address away {} ms ago, and nobody took it",
                                  hand_over.from, network, (now() - hand_over.asked_at) / 1ms));
}

// ---- transitions

void World::on_transition(int host, int network, const vrrp::Transition& transition) {
  trace_.say(now(), fmt::format("h{}/{}", host, network), "{} -> {}: {}", to_string(transition.from),
             to_string(transition.to), transition.reason);
  trace_.mix(transition.reason);
  if (transition.reason.empty()) fail("reason", fmt::format("h{} moved without a reason", host));
  if (is_quiet(bounds_.settled))
    fail("flap", fmt::format("h{} moved on net{} long after everything had settled: {}", host, network,
                             transition.reason));
  if (transition.from == vrrp::State::master) {
    const bool was_paused = transition.reason.starts_with("was paused");
    const bool is_down = hosts_[at(host)].links_down[at(network)] > 0;
    note_leave(host, network, disturbances_ == 0 && !was_paused && !is_down);
  }
  if (transition.to != vrrp::State::master) return;
  ++counts_.masters;
  check_robbery(host, network);
}

void World::note_leave(int host, int network, bool is_heard) {
  if (!is_heard && announced_last_[at(network)] == host) may_go_unnoticed_[at(network)] = true;
}

void World::leave_unheard(int host) {
  for (int network = 0; network < scenario_.shape.networks; ++network) note_leave(host, network, false);
}

// nopreempt: a master that works and is heard is left alone.
void World::check_robbery(int host, int network) {
  const auto& options = scenario_.shape.hosts[at(host)].routers[at(network)];
  if (options.preempt || !is_quiet(bounds_.down)) return;
  for (int other = 0; other < hosts(); ++other) {
    const auto& self = hosts_[at(other)];
    if (other == host || !self.runs() || !is_master(other, network) || self.sick > 0) continue;
    if (clock(other) - self.ensemble->view(at(network)).since <= bounds_.two_heard) continue;
    fail("nopreempt", fmt::format("h{} took net{}'s address from h{}, which works", host, network, other));
  }
}

}  // namespace holdfast::sim::vip
