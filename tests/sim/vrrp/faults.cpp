#include "sim/vrrp/world.hpp"

// What goes wrong, and how it ends.
namespace holdfast::sim::vip {
namespace {

bool keeps_from_hearing(FaultKind kind) {
  return kind == FaultKind::cut_pair || kind == FaultKind::cut_one_way || kind == FaultKind::lose ||
         kind == FaultKind::delay || kind == FaultKind::starve;
}

}  // namespace

void World::begin(const Fault& fault) {
  trace_.say(now(), "world", "begins: {}", describe(fault));
  touch();
  ++counts_.faults;
  auto& host = hosts_[at(fault.host)];
  switch (fault.kind) {
    case FaultKind::crash:
      kill(fault.host);
      break;
    case FaultKind::power_off:
      kill(fault.host);
      host.is_powered = false;
      for (auto& addresses : host.addresses) addresses = {};
      break;
    case FaultKind::stop:
      stop(fault.host);
      break;
    case FaultKind::freeze:
      freeze(fault.host);
      break;
    case FaultKind::halt:
      halt(fault.host, fault.number == 1);
      break;
    case FaultKind::sick:
      ++host.sick;
      tell_standing(fault.host);
      break;
    case FaultKind::reprioritise:
      host.priority_change += fault.number;
      tell_standing(fault.host);
      break;
    case FaultKind::link_down:
      ++host.links_down[at(fault.network)];
      tell_standing(fault.host);
      break;
    case FaultKind::cut_pair:
      ++cuts_[{fault.other, fault.host}];
      [[fallthrough]];
    case FaultKind::cut_one_way:
      ++cuts_[{fault.host, fault.other}];
      break;
    case FaultKind::lose:
      losing_ += fault.number;
      break;
    case FaultKind::delay:
      delaying_ += fault.number;
      break;
    case FaultKind::duplicate:
      duplicating_ += fault.number;
      break;
    case FaultKind::starve:
      host.starving += fault.number;
      break;
    case FaultKind::cut_dcs:
      ++host.dcs_cuts;
      break;
    case FaultKind::dcs_down:
      ++dcs_down_;
      break;
  }
  if (keeps_from_hearing(fault.kind)) ++disturbances_;
}

void World::end(const Fault& fault) {
  trace_.say(now(), "world", "is over: {}", describe(fault));
  touch();
  auto& host = hosts_[at(fault.host)];
  switch (fault.kind) {
    case FaultKind::power_off:
      host.is_powered = true;
      [[fallthrough]];
    case FaultKind::crash:
    case FaultKind::stop:
      start(fault.host);
      break;
    case FaultKind::freeze:
      thaw(fault.host);
      break;
    case FaultKind::halt:
      resume(fault.host);
      break;
    case FaultKind::sick:
      --host.sick;
      tell_standing(fault.host);
      break;
    case FaultKind::reprioritise:
      host.priority_change -= fault.number;
      tell_standing(fault.host);
      break;
    case FaultKind::link_down:
      --host.links_down[at(fault.network)];
      tell_standing(fault.host);
      break;
    case FaultKind::cut_pair:
      --cuts_[{fault.other, fault.host}];
      [[fallthrough]];
    case FaultKind::cut_one_way:
      --cuts_[{fault.host, fault.other}];
      break;
    case FaultKind::lose:
      losing_ -= fault.number;
      break;
    case FaultKind::delay:
      delaying_ -= fault.number;
      break;
    case FaultKind::duplicate:
      duplicating_ -= fault.number;
      break;
    case FaultKind::starve:
      host.starving -= fault.number;
      break;
    case FaultKind::cut_dcs:
      --host.dcs_cuts;
      break;
    case FaultKind::dcs_down:
      --dcs_down_;
      break;
  }
  if (keeps_from_hearing(fault.kind)) --disturbances_;
}

// ---- processes

void World::start(int host) {
  auto& self = hosts_[at(host)];
  if (!self.is_powered || self.process != Process::none || self.is_halted) return;
  const auto& shape = scenario_.shape;
  std::vector<vrrp::RouterOptions> routers = shape.hosts[at(host)].routers;
  if (mutant_.options != nullptr) {
    for (auto& options : routers) mutant_.options(options);
  }
  std::vector<vrrp::SyncGroup> groups;
  if (shape.is_grouped && !mutant_.has_no_groups) groups.push_back({"G", {0, 1}});
  touch();
  self.process = Process::running;
  ++self.incarnation;
  self.hidden = {};
  self.started_at = now();
  self.keepers.assign(routers.size(), Keeper{});
  self.ensemble.emplace(std::move(routers), std::move(groups));
  for (std::size_t router = 0; router < self.ensemble->size(); ++router) {
    const auto standing = standing_of(host, static_cast<int>(router));
    apply(host, self.ensemble->start(router_clock(host), router, standing));
  }
}

void World::kill(int host) {
  auto& self = hosts_[at(host)];
  if (self.process == Process::none) return;
  leave_unheard(host);
  if (self.process == Process::running && !self.is_halted) self.dead_since = now();
  self.process = Process::none;
  self.inbox.clear();
  ++self.incarnation;
}

void World::stop(int host) {
  auto& self = hosts_[at(host)];
  if (!self.runs()) return kill(host);
  expect_hand_over(host);
  apply(host, self.ensemble->stop(router_clock(host)));
  // Its claims are given back before it ends, if the DCS is there.
  for (std::size_t network = 0; network < self.keepers.size(); ++network) {
    const Keeper::Question last{.is_claim = false, .generation = self.keepers[network].generation};
    queue_.after(2 * latency(), [this, host, network, last, incarnation = self.incarnation] {
      const bool is_reachable = hosts_[at(host)].dcs_cuts == 0 && dcs_down_ == 0;
      if (is_reachable) judge(host, static_cast<int>(network), last, incarnation);
    });
  }
  kill(host);
}

void World::freeze(int host) {
  auto& self = hosts_[at(host)];
  if (!self.runs()) return;
  leave_unheard(host);
  self.process = Process::frozen;
  self.still_since = self.dead_since = now();
}

void World::thaw(int host) {
  auto& self = hosts_[at(host)];
  if (self.process != Process::frozen) return;
  self.process = Process::running;
  if (self.is_halted) return;
  self.hidden += now() - self.still_since;
  wake_up(host);
}

void World::halt(int host, bool stops_clock) {
  auto& self = hosts_[at(host)];
  if (self.is_halted || !self.is_powered) return;
  leave_unheard(host);
  self.is_halted = true;
  if (self.process == Process::running) self.still_since = self.dead_since = now();
  if (stops_clock) self.clock.stop(now());
}

void World::resume(int host) {
  auto& self = hosts_[at(host)];
  if (!self.is_halted) return;
  self.is_halted = false;
  // A clock that stood still took the addresses' lifetimes with it.
  const bool clock_stood = self.clock.is_stopped();
  self.clock.go_on(now());
  if (self.process == Process::none && self.is_powered) return start(host);
  if (clock_stood) {
    self.still_since = self.dead_since = now();
    may_go_unnoticed_.assign(may_go_unnoticed_.size(), true);
  }
  if (!self.runs()) return;
  self.hidden += now() - self.still_since;
  wake_up(host);
}

// Its timer and what its sockets kept for it come in either order; and it must yield if it stood still for so
// long that somebody else may lead.
void World::wake_up(int host) {
  auto& self = hosts_[at(host)];
  const auto stood = now() - self.still_since;
  std::vector<bool> was_master;
  for (std::size_t router = 0; router < self.ensemble->size(); ++router)
    was_master.push_back(is_master(host, static_cast<int>(router)));
  auto inbox = std::exchange(self.inbox, {});
  const auto wake = [this, host] {
    auto& woken = hosts_[at(host)];
    apply(host, woken.ensemble->on_time(router_clock(host)));
  };
  const bool timer_first = random_.chance(0.5);
  if (timer_first) wake();
  for (auto& what : inbox) what();
  if (!timer_first) wake();
  tell_standing(host);
  for (std::size_t router = 0; router < self.ensemble->size(); ++router) {
    const auto& options = scenario_.shape.hosts[at(host)].routers[router];
    const auto patience = (options.down_timer_adverts + 1) * nanoseconds{options.advert_int} * 102 / 100;
    const auto limit = std::max<nanoseconds>(patience, patience - options.advert_int + 1s);
    const bool is_long = stood > (options.version == vrrp::Version::v2 ? limit : patience);
    if (is_long && was_master[router] && self.ensemble->view(router).state == vrrp::State::master)
      fail("thaw", fmt::format("h{} is master though it stood still for {} ms", host, stood / 1ms));
  }
  touch();
}

// The shell notices within moments. Nothing is said when nothing has changed.
void World::tell_standing(int host) {
  const auto soon = random_.between(0ns, nanoseconds{scenario_.shape.unit} / 4);
  queue_.after(soon, [this, host] {
    deliver(host, [this, host] {
      auto& self = hosts_[at(host)];
      for (std::size_t router = 0; router < self.ensemble->size(); ++router) {
        const auto standing = standing_of(host, static_cast<int>(router));
        const bool turns_sick = standing.is_sick && !self.ensemble->view(router).standing.is_sick;
        if (turns_sick) expect_hand_over(host);
        apply(host, self.ensemble->on_standing(router_clock(host), router, standing));
      }
      touch();
    });
  });
}

}  // namespace holdfast::sim::vip
