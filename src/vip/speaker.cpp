#include "vip/speaker.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/overload.hpp"
#include "dcs/keys.hpp"
#include "vip/settings.hpp"

namespace holdfast::vip {
namespace {

constexpr std::size_t passages_max = 256;
constexpr milliseconds notify_limit = 5s;  // for the scripts of an orderly stop
// Between two looks at the host: a thousand addresses that somebody sets are a thousand changes.
constexpr milliseconds look_pause = 10ms;

NotifyState notify_state_of(vrrp::State state) {
  switch (state) {
    case vrrp::State::master:
      return NotifyState::master;
    case vrrp::State::fault:
      return NotifyState::fault;
    case vrrp::State::init:
      return NotifyState::stop;
    case vrrp::State::backup:
      break;
  }
  return NotifyState::backup;
}

// Whether a running virtual router can take `wanted` over as it stands. What it stands on (its interface, its
// virtual MAC) or how it owns its addresses can't change under it: another one takes its place.
bool is_same_router(const config::VrrpInstance& running, const config::VrrpInstance& wanted) {
  if (running.ownership != wanted.ownership || running.interface != wanted.interface) return false;
  if (running.use_vmac != wanted.use_vmac) return false;
  return !running.use_vmac ||
         (vmac_name_of(running) == vmac_name_of(wanted) && family_of(running) == family_of(wanted) &&
          running.virtual_router_id == wanted.virtual_router_id);
}

const config::VrrpInstance* find_instance(const config::VipConfig& vip, const std::string& name) {
  const auto at = std::ranges::find(vip.vrrp_instance, name, &config::VrrpInstance::name);
  return at == vip.vrrp_instance.end() ? nullptr : &*at;
}

}  // namespace

Result<std::unique_ptr<Speaker>> Speaker::open(const asio::any_io_executor& executor,
                                               SpeakerOptions options) {
  std::unique_ptr<Speaker> speaker{new Speaker{executor, std::move(options)}};
  auto monitor = netlink::Monitor::open(executor);  // before the first look, so that nothing falls between
  if (!monitor) return tl::unexpected(monitor.error());
  speaker->monitor_ = *std::move(monitor);
  auto kernel = netlink::Socket::open();
  if (!kernel) return tl::unexpected(kernel.error());
  speaker->kernel_ = std::make_unique<netlink::Socket>(*std::move(kernel));
  if (auto looked = speaker->look_at_host(); !looked) return tl::unexpected(looked.error());
  return speaker;
}

Speaker::Speaker(const asio::any_io_executor& executor, SpeakerOptions options)
    : executor_{executor},
      config_{std::move(options.config)},
      script_user_{options.script_user},
      proxy_users_{std::move(options.proxy_users)},
      store_{std::move(options.store)},
      ensemble_{{}, {}},
      notifier_{executor, config_.vip.global_defs.notify_fifo, script_user_},
      wake_{executor},
      host_changed_{executor},
      tasks_{executor},
      endings_{executor} {}

Speaker::~Speaker() = default;

Result<void> Speaker::look_at_host() {
  auto links = kernel_->links();
  if (!links) return tl::unexpected(links.error());
  auto addresses = kernel_->addresses();
  if (!addresses) return tl::unexpected(addresses.error());
  host_ = {.links = *std::move(links), .addresses = *std::move(addresses)};
  return {};
}

void Speaker::start() {
  is_running_ = true;
  std::vector<std::string> names;
  for (const auto& instance : config_.vip.vrrp_instance) {
    make_slot(instance);
    names.push_back(instance.name);
  }
  apply(ensemble_.set_groups(BootClock::now(), sync_groups_of(config_.vip.vrrp_sync_group, names)));
  note_groups();
  make_trackers();
  watch_proxy();
  tasks_.spawn("changes of interfaces", watch_host());
  tasks_.spawn("interfaces", follow_host());
  for (std::size_t place = 0; place < slots_.size(); ++place) begin(place);
  tasks_.spawn("virtual routers", keep_time());
}

Speaker::Slot& Speaker::make_slot(const config::VrrpInstance& config) {
  const std::size_t place = slots_.size();
  Instance::Events events;
  events.on_advert = [this, place](const vrrp::Heard& heard) {
    apply(ensemble_.on_advert(BootClock::now(), place, heard));
  };
  events.on_conflict = [this, place] {
    apply(ensemble_.on_time(BootClock::now()));  // after a pause it yields first
    if (slots_[place].instance && ensemble_.view(place).state == vrrp::State::master)
      slots_[place].instance->announce(1);
  };
  Slot& slot = slots_.emplace_back();
  slot.instance = std::make_unique<Instance>(executor_, kernel_.get(), config, config_.vip.global_defs,
                                             std::move(events));
  slot.fault = slot.instance->settle(host_).value_or("");
  ensemble_.admit(slot.instance->router_options());
  if (config.ownership == config::Ownership::lease && !store_)
    log::error("a consensus store was configured after the start: ownership: lease needs a restart",
               {{"instance", config.name}});
  if (config.ownership == config::Ownership::lease && store_) {
    ClaimOptions options{.key = dcs::Keys{config_.namespace_, config_.scope}.own("vip/" + config.name),
                         .holder = config_.name,
                         .ttl = config_.vip.lease_ttl};
    slot.claimer = std::make_unique<Claimer>(executor_, store_.get(), std::move(options),
                                             [this, place](std::optional<BootInstant> until) {
                                               apply(ensemble_.on_claim(BootClock::now(), place, until));
                                             });
  }
  return slot;
}

// An earlier process of ours may have left its addresses: who is not master must not have them.
void Speaker::begin(std::size_t place) {
  Slot& slot = slots_[place];
  slot.instance->drop_addresses();
  apply(ensemble_.start(BootClock::now(), place, standing_of(slot)));
}

awaitable<void> Speaker::keep_time() {
  for (;;) {
    const bool is_notified = co_await wake_.wait_until(ensemble_.wake_at());
    if (!is_notified) apply(ensemble_.on_time(BootClock::now()));
  }
}

awaitable<void> Speaker::watch_host() {
  for (;;) {
    const auto change = co_await monitor_->next();
    if (!change && change.error().code == Errc::cancelled) co_return;
    if (!change) {
      log::error("changes of interfaces can't be followed", {{"error", change.error()}});
      co_await async::sleep_for(1s);
    } else if (const auto* removed = std::get_if<netlink::AddressRemoved>(&*change)) {
      removed_.push_back(removed->address.prefix.address);
    }
    host_changed_.notify();
  }
}

awaitable<void> Speaker::follow_host() {
  for (;;) {
    co_await host_changed_.wait();
    on_host_change();
    co_await async::sleep_for(look_pause);
  }
}

void Speaker::on_host_change() {
  apply(ensemble_.on_time(BootClock::now()));  // after a pause it yields first, and takes nothing back
  if (const auto looked = look_at_host(); !looked) {
    log::error("interfaces can't be listed", {{"error", looked.error()}});
    return;
  }
  for (const auto& address : std::exchange(removed_, {})) {
    for (const auto& slot : slots_) {
      if (slot.instance) slot.instance->on_address_removed(address);
    }
  }
  settle_all();
}

void Speaker::settle_all() {
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    Slot& slot = slots_[place];
    if (!slot.instance) continue;
    const auto before = slot.instance->source();
    const bool had_fault = !slot.fault.empty();
    const auto fault = slot.instance->settle(host_).value_or("");
    // Adverts of a router without a good interface would be about nothing; what it holds goes while it still
    // can.
    if (fault != slot.fault) slot.fault = fault;
    if (slot.instance->source() != before)
      apply(ensemble_.reconfigure(BootClock::now(), place, slot.instance->router_options()));
    if (had_fault || !fault.empty()) apply(ensemble_.on_standing(BootClock::now(), place, standing_of(slot)));
    if (!fault.empty()) slot.instance->close();
  }
  reassess_all();
}

void Speaker::apply(const Steps& steps) {
  for (const auto& [place, step] : steps) {
    Slot& slot = slots_[place];
    if (!slot.instance) continue;
    for (const auto& action : step.actions) perform(slot, action);
    if (step.transition) note_transition(place, *step.transition);
    if (step.heard_lower_priority) {
      ++slot.instance->statistics().two_masters;
      notifier_.tell(slot.instance->config().notify, {.name = slot.instance->name(),
                                                      .state = NotifyState::master_rx_lower_pri,
                                                      .priority = ensemble_.view(place).priority});
    }
  }
  note_groups();
  wake_.notify();
}

void Speaker::perform(Slot& slot, const vrrp::Action& action) {
  Instance& instance = *slot.instance;
  std::visit(Overload{[&](const vrrp::SendAdvert& send) { instance.send_advert(send.priority); },
                      [&](const vrrp::HoldAddresses& hold) { instance.hold_addresses(hold.lifetime); },
                      [&](const vrrp::DropAddresses&) { instance.drop_addresses(); },
                      [&](const vrrp::Announce& announce) { instance.announce(announce.repeat); },
                      [&](const vrrp::Claim&) {
                        if (slot.claimer) slot.claimer->claim();
                      },
                      [&](const vrrp::Unclaim&) {
                        if (slot.claimer) slot.claimer->unclaim();
                      }},
             action);
}

void Speaker::note_transition(std::size_t place, const vrrp::Transition& transition) {
  Instance& instance = *slots_[place].instance;
  const int priority = ensemble_.view(place).priority;
  if (transition.to == vrrp::State::master) ++instance.statistics().become_master;
  if (transition.from == vrrp::State::master) ++instance.statistics().release_master;
  instance.expect_nobody_else(transition.to == vrrp::State::master);
  const auto level = transition.to == vrrp::State::fault ? log::Level::warn : log::Level::info;
  log::write(level, "virtual router has changed",
             {{"instance", instance.name()},
              {"from", to_string(transition.from)},
              {"to", to_string(transition.to)},
              {"why", transition.reason},
              {"priority", priority},
              {"interface", instance.interface()}});
  passages_.push_back(
      {.at = wall_now(), .instance = instance.name(), .transition = transition, .priority = priority});
  if (passages_.size() > passages_max) passages_.pop_front();
  notifier_.tell(instance.config().notify,
                 {.name = instance.name(), .state = notify_state_of(transition.to), .priority = priority});
}

// Groups are told once all of theirs have moved.
void Speaker::note_groups() {
  for (const auto& group : ensemble_.groups()) {
    const auto now = ensemble_.state_of(group);
    const auto [at, is_new] = group_states_.try_emplace(group.name, now);
    if (is_new || at->second == now) continue;
    at->second = now;
    const auto config =
        std::ranges::find(config_.vip.vrrp_sync_group, group.name, &config::VrrpSyncGroup::name);
    if (config == config_.vip.vrrp_sync_group.end()) continue;
    log::info("sync group has changed", {{"group", group.name}, {"to", to_string(now)}});
    notifier_.tell(config->notify, {.is_group = true, .name = group.name, .state = notify_state_of(now)});
  }
}

void Speaker::note_priority(std::size_t place) {
  if (!config_.vip.global_defs.vrrp_notify_priority_changes) return;
  const auto& view = ensemble_.view(place);
  const auto [at, is_new] = priorities_.try_emplace(place, view.priority);
  if (is_new || at->second == view.priority) return;
  at->second = view.priority;
  const auto state =
      view.state == vrrp::State::master ? NotifyState::master_priority : NotifyState::backup_priority;
  const auto& instance = *slots_[place].instance;
  notifier_.tell(instance.config().notify,
                 {.name = instance.name(), .state = state, .priority = view.priority});
}

void Speaker::reload(config::Config config, std::optional<uid_t> script_user) {
  if (std::exchange(script_user_, script_user) != script_user) end_trackers(trackers_);
  config_ = std::move(config);
  notifier_.set(config_.vip.global_defs.notify_fifo, script_user_);
  if (!is_running_) return;  // it has not started yet: vrrp_startup_delay
  std::vector<std::string> names;
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    if (!slots_[place].instance) continue;
    const auto* wanted = find_instance(config_.vip, slots_[place].instance->name());
    if (wanted == nullptr || !is_same_router(slots_[place].instance->config(), *wanted)) remove(place);
  }
  std::vector<std::size_t> fresh;
  for (const auto& wanted : config_.vip.vrrp_instance) {
    const auto at = std::ranges::find_if(
        slots_, [&](const Slot& slot) { return slot.instance && slot.instance->name() == wanted.name; });
    if (at == slots_.end()) {
      fresh.push_back(slots_.size());
      make_slot(wanted);
    } else {
      at->instance->reconfigure(wanted, config_.vip.global_defs);
      at->fault = at->instance->settle(host_).value_or("");
      at->instance->complete();
    }
  }
  for (const auto& slot : slots_) names.push_back(slot.instance ? slot.instance->name() : "");
  apply(ensemble_.set_groups(BootClock::now(), sync_groups_of(config_.vip.vrrp_sync_group, names)));
  make_trackers();
  watch_proxy();
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    if (!slots_[place].instance) continue;
    if (std::ranges::find(fresh, place) != fresh.end()) {
      begin(place);
    } else {
      apply(ensemble_.reconfigure(BootClock::now(), place, slots_[place].instance->router_options()));
    }
  }
  reassess_all();
  for (const auto& slot : slots_) {
    if (slot.instance && !slot.fault.empty()) slot.instance->close();
  }
}

void Speaker::remove(std::size_t place) {
  Slot& slot = slots_[place];
  apply(ensemble_.retire(BootClock::now(), place));
  notifier_.tell(slot.instance->config().notify,
                 {.name = slot.instance->name(), .state = NotifyState::deleted, .priority = 0});
  log::info("virtual router is gone from the configuration, or begins anew",
            {{"instance", slot.instance->name()}});
  endings_.spawn("end of " + slot.instance->name(),
                 retire(std::move(slot.instance), std::move(slot.claimer)));
}

awaitable<void> Speaker::retire(std::unique_ptr<Instance> instance, std::unique_ptr<Claimer> claimer) {
  if (claimer) co_await claimer->stop();
  co_await instance->stop();
  const auto& config = instance->config();
  const bool is_taken_over = std::ranges::any_of(slots_, [&](const Slot& slot) {
    return slot.instance && slot.instance->config().use_vmac &&
           vmac_name_of(slot.instance->config()) == vmac_name_of(config);
  });
  if (!is_taken_over) instance->remove_vmac();
}

awaitable<void> Speaker::stop() {
  is_running_ = false;
  apply(ensemble_.stop(BootClock::now()));
  co_await tasks_.stop();  // what changes on this host from here on opens nothing again
  if (proxy_subscriber_) co_await proxy_subscriber_->stop();
  end_trackers(trackers_);
  for (auto& slot : slots_) {
    if (!slot.instance) continue;
    endings_.spawn("end of " + slot.instance->name(),
                   retire(std::move(slot.instance), std::move(slot.claimer)));
  }
  co_await endings_.join();
  co_await notifier_.finish(notify_limit);
  co_await notifier_.stop();
}

std::vector<Speaker::Row> Speaker::rows() const {
  std::vector<Row> rows;
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    const Slot& slot = slots_[place];
    if (!slot.instance) continue;
    rows.push_back({.instance = slot.instance.get(),
                    .view = &ensemble_.view(place),
                    .tracked = tracked_of(slot),
                    .fault = slot.fault});
  }
  return rows;
}

std::map<std::string, TrackerState> Speaker::scripts() const {
  std::map<std::string, TrackerState> found;
  for (const auto& [name, watched] : trackers_) found.emplace(name, watched.tracker->state());
  return found;
}

}  // namespace holdfast::vip
