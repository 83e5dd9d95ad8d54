#include "vip/instance.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "netlink/sysctl.hpp"
#include "vip/settings.hpp"

namespace holdfast::vip {
namespace {

constexpr milliseconds conflict_pause = 1s;  // between two answers to somebody who has our address, too
// Who takes over rightly says so by an advert just ahead: it gets the time to be heard first.
constexpr milliseconds conflict_grace = 20ms;

// 00:00:5e:00:01:{vrid}, for IPv6 00:00:5e:00:02:{vrid} (RFC 5798 7.3).
netlink::Mac virtual_mac(const config::VrrpInstance& instance) {
  const bool is_ipv6 = family_of(instance) == IpAddress::Family::ipv6;
  return {0,
          0,
          0x5e,
          0,
          static_cast<std::uint8_t>(is_ipv6 ? 2 : 1),
          static_cast<std::uint8_t>(instance.virtual_router_id)};
}

std::string conf_of(const std::string& link_name) {
  return "net.ipv4.conf." + netlink::sysctl_part(link_name);
}

// The virtual MAC's interface answers ARP for its own addresses alone, and takes what comes for them although
// the way back leads through the interface below. That one must neither answer for them nor ask in their
// name: Linux does both for any address of the host, and clients would learn its MAC instead.
void tune_vmac(const std::string& name, const std::string& base) {
  for (const auto& [key, value] :
       {std::pair{conf_of(name) + ".arp_ignore", "1"}, std::pair{conf_of(name) + ".rp_filter", "2"},
        std::pair{conf_of(name) + ".accept_local", "1"}, std::pair{conf_of(base) + ".arp_ignore", "1"},
        std::pair{conf_of(base) + ".arp_announce", "2"}}) {
    const auto written = netlink::write_sysctl(key, value);
    if (!written) log::warn("a virtual MAC may not work", {{"interface", name}, {"error", written.error()}});
  }
}

awaitable<void> end_group(std::shared_ptr<async::TaskGroup> group) {
  co_await group->stop();
}

bool is_known_elsewhere(const std::vector<config::VirtualAddress>& all,
                        const config::VirtualAddress& address) {
  return std::ranges::find(all, address) != all.end();
}

}  // namespace

Instance::Instance(const asio::any_io_executor& executor, netlink::Socket* kernel,
                   config::VrrpInstance config, config::VrrpGlobals globals, Events events)
    : executor_{executor},
      kernel_{kernel},
      config_{std::move(config)},
      globals_{std::move(globals)},
      events_{std::move(events)},
      holder_{kernel},
      tasks_{executor},
      endings_{executor} {}

Instance::~Instance() = default;

std::string Instance::interface() const {
  return home_.name.empty() ? config_.interface : home_.name;
}

vrrp::RouterOptions Instance::router_options() const {
  return router_options_of(config_, globals_, source());
}

std::vector<IpAddress> Instance::advertised() const {
  return advert_of(config_).addresses;
}

ChannelOptions Instance::channel_options(const Place& place) const {
  const bool is_ipv4 = place.source.is_ipv4();
  // Unicast comes to the address of the interface below, so it is heard there alone.
  const bool speaks_from_base = config_.vmac_xmit_base || !config_.unicast_peer.empty();
  const auto& link = speaks_from_base ? place.link : home_;
  return {.link = link.index,
          .link_name = link.name,
          .source = place.source,
          .peers = config_.unicast_peer,
          .group = is_ipv4 ? globals_.vrrp_mcast_group4 : globals_.vrrp_mcast_group6};
}

std::optional<std::string> Instance::settle(const Host& host) {
  own_ = host.own_addresses();
  std::erase_if(own_, [&](const IpAddress& each) {  // ours to share with the peers
    return std::ranges::any_of(addresses_of(config_),
                               [&](const auto& address) { return address.prefix.address == each; });
  });
  const auto place = find_place(config_, host);
  is_at_home_ = place.has_value();
  if (!place) return place.error().context;
  const auto opened = open(*place);
  if (opened) return {};
  close();
  return opened.error().context;
}

Result<void> Instance::open(const Place& place) {
  const bool is_same = channel_ && place_ && place_->link == place.link && place_->others == place.others;
  place_ = place;
  if (!is_same) {
    close();
    home_ = place.link;
    if (config_.use_vmac) {
      auto made = prepare_vmac(place.link);
      if (!made) return tl::unexpected(made.error());
      home_ = *std::move(made);
    }
  }
  const auto options = channel_options(place);
  if (channel_ && channel_->options() == options) return {};
  close();
  auto channel = Channel::open(executor_, options);
  if (!channel) return tl::unexpected(channel.error());
  channel_ = *std::move(channel);
  ears_ = std::make_shared<async::TaskGroup>(executor_);
  ears_->spawn("adverts to " + name(), listen(channel_));
  std::vector<netlink::Link> links{home_};
  for (const auto& [dev, link] : place.others) links.push_back(link);
  for (const auto& link : links) {
    auto announcer = Announcer::open(link);
    if (!announcer) return tl::unexpected(announcer.error());
    announcers_.insert_or_assign(link.index, *std::move(announcer));
    auto watch = ArpWatch::open(executor_, link);
    if (watch) ears_->spawn("ARP on " + link.name, watch_arp(*std::move(watch)));
  }
  return {};
}

Result<netlink::Link> Instance::prepare_vmac(const netlink::Link& base) {
  const auto vmac_name = vmac_name_of(config_);
  auto there = kernel_->link(vmac_name);
  if (there && (there->mac != virtual_mac(config_) || there->parent != base.index)) {
    return fail(Errc::conflict, vmac_name + " is there already, and is not the virtual MAC of this instance");
  }
  if (!there) {
    const auto made = kernel_->add_macvlan(vmac_name, base.index, virtual_mac(config_));
    if (!made) return fail("virtual MAC " + vmac_name, made.error());
    tune_vmac(vmac_name, base.name);
    there = kernel_->link(vmac_name);
    if (!there) return there;
  }
  if (const auto up = kernel_->set_up(there->index, true); !up)
    return fail("virtual MAC " + vmac_name, up.error());
  return there;
}

void Instance::remove_vmac() {
  if (!config_.use_vmac) return;
  const auto link = kernel_->link(vmac_name_of(config_));
  if (!link || link->mac != virtual_mac(config_)) return;
  const auto removed = kernel_->remove_link(link->index);
  if (!removed)
    log::warn("a virtual MAC stays behind", {{"interface", link->name}, {"error", removed.error()}});
}

// What listens ends by itself when it is cancelled; the group goes when it has.
void Instance::close() {
  if (ears_) {
    ears_->cancel();
    endings_.spawn("closing " + name(), end_group(std::move(ears_)));
    ears_.reset();
  }
  channel_.reset();
  announcers_.clear();
}

void Instance::reconfigure(config::VrrpInstance config, config::VrrpGlobals globals) {
  if (holder_.is_holding() && place_) {
    auto gone = config_;
    const auto keep = addresses_of(config);
    std::erase_if(gone.virtual_ipaddress, [&](const auto& each) { return is_known_elsewhere(keep, each); });
    std::erase_if(gone.virtual_ipaddress_excluded,
                  [&](const auto& each) { return is_known_elsewhere(keep, each); });
    std::erase_if(gone.virtual_routes, [&](const auto& each) {
      return std::ranges::find(config.virtual_routes, each) != config.virtual_routes.end();
    });
    for (const auto& failure : holder_.remove(gone, *place_, home_))
      log::error("what is no longer ours can't be removed", {{"instance", name()}, {"error", failure}});
  }
  config_ = std::move(config);
  globals_ = std::move(globals);
}

void Instance::complete() {
  const auto left = std::chrono::floor<milliseconds>(held_until_ - BootClock::now());
  if (!place_ || !is_master_ || !holder_.is_holding() || left <= 0ms) return;
  holder_.expect_other_routes();
  set_addresses(left);
}

awaitable<void> Instance::listen(std::shared_ptr<Channel> channel) {
  for (;;) {
    const auto packet = co_await channel->receive();
    if (packet) {
      take(*packet);
    } else if (packet.error().code == Errc::cancelled) {
      co_return;
    } else {
      note_failure("adverts can't be received", packet.error());  // ENETDOWN: the monitor tells the rest
      co_await async::sleep_for(100ms);
    }
  }
}

void Instance::take(const Packet& packet) {
  const auto router_id = vrrp::peek_router_id(packet.payload);
  if (!router_id || *router_id != config_.virtual_router_id) return;
  const auto decoded = vrrp::decode(packet.payload, packet.envelope);
  if (!decoded) return note_rejection(packet, decoded.error());
  const auto rejection = vrrp::mismatch(decoded->advert, packet.envelope, expectation_of(config_, own_));
  if (rejection) return note_rejection(packet, *rejection);
  ++statistics_.advert_rcvd;
  heard_at_ = BootClock::now();
  if (decoded->advert.priority == vrrp::priority_stopping) ++statistics_.pri_zero_rcvd;
  events_.on_advert({.source = packet.envelope.source,
                     .priority = decoded->advert.priority,
                     .interval = decoded->advert.interval});
}

void Instance::note_rejection(const Packet& packet, const vrrp::Rejection& rejection) {
  statistics_.count(rejection.fault);
  const auto source = to_string(packet.envelope.source);
  if (!log_limit_.may_say(source + "/" + std::string{to_string(rejection.fault)}, BootClock::now())) return;
  log::warn("advert dropped", {{"instance", name()},
                               {"from", source},
                               {"why", to_string(rejection.fault)},
                               {"detail", rejection.detail},
                               {"virtual_router_id", config_.virtual_router_id}});
}

void Instance::note_failure(const std::string& what, const Error& error) {
  if (!log_limit_.may_say(what, BootClock::now())) return;
  log::warn(what, {{"instance", name()}, {"error", error}});
}

// A router of ours that has the address, too, would have been heard.
bool Instance::hears_nobody(BootInstant now) const {
  return heard_at_ == BootInstant{} || now - heard_at_ > config_.down_timer_adverts * config_.advert_int;
}

void Instance::note_deafness() {
  const bool is_multicast = config_.unicast_peer.empty();
  const std::string text =
      is_multicast ? "no other router is heard: if that host is one, the network filters multicast "
                     "(IGMP snooping without a querier?); name the routers in unicast_peer"
                   : "no other router is heard: if that host is one, the network filters IP "
                     "protocol 112, or it is not in unicast_peer";
  if (log_limit_.may_say(text, BootClock::now())) log::warn(text, {{"instance", name()}});
}

awaitable<void> Instance::watch_arp(std::shared_ptr<ArpWatch> watch) {
  for (;;) {
    const auto claimant = co_await watch->next();
    if (!claimant && claimant.error().code == Errc::cancelled) co_return;
    if (!claimant) {  // ENETDOWN, once, when the link goes down; it may be back before anybody looks
      note_failure("ARP can't be heard", claimant.error());
      co_await async::sleep_for(100ms);
      continue;
    }
    const auto ours = addresses_of(config_);
    const bool is_ours =
        std::ranges::any_of(ours, [&](const auto& each) { return each.prefix.address == claimant->address; });
    const bool is_us = config_.use_vmac && claimant->mac == virtual_mac(config_);
    if (!is_ours || is_us || !is_master_ || !holder_.is_holding()) continue;
    const auto now = BootClock::now();
    if (conflict_at_ != BootInstant{} && now - conflict_at_ < conflict_pause) continue;
    conflict_at_ = now;
    co_await async::sleep_for(conflict_grace);
    if (!is_master_ || !holder_.is_holding()) continue;
    ++statistics_.address_conflicts;
    log::warn("another host answers for our address, announcing it again",
              {{"instance", name()},
               {"address", to_string(claimant->address)},
               {"mac", netlink::to_string(claimant->mac)}});
    if (hears_nobody(now)) note_deafness();
    events_.on_conflict();
  }
}

void Instance::send_advert(int priority) {
  if (!channel_) return;
  auto advert = advert_of(config_);
  advert.priority = static_cast<std::uint8_t>(priority);
  const auto sent = channel_->send(advert, checksum_rule_of(config_));
  if (!sent && is_at_home_) note_failure("an advert can't be sent", sent.error());
  if (!sent) return;
  ++statistics_.advert_sent;
  if (priority == vrrp::priority_stopping) ++statistics_.pri_zero_sent;
}

void Instance::hold_addresses(milliseconds lifetime) {
  held_until_ = BootClock::now() + lifetime;
  set_addresses(lifetime);
}

void Instance::set_addresses(milliseconds lifetime) {
  if (!place_) return;
  // The kernel counts whole seconds, and no address outlives the lease that it stands on.
  if (config_.ownership == config::Ownership::lease && lifetime < 1s) return;
  const bool is_renewal = holder_.is_holding();
  const auto held = holder_.hold(config_, *place_, home_, lifetime);
  for (const auto& failure : held.failures)
    note_failure("an address of ours can't be set: " + failure.context, failure);
  if (!is_renewal || held.added.empty()) return;
  for (const auto& address : held.added)
    log::warn("an address of ours was not there, it is set",
              {{"instance", name()}, {"address", to_string(address)}});
  announce_once();
}

void Instance::drop_addresses() {
  if (!place_) return;
  for (const auto& failure : holder_.drop(config_, *place_, home_))
    log::error("an address of ours can't be removed", {{"instance", name()}, {"error", failure}});
}

void Instance::on_address_removed(const IpAddress& address) {
  const auto all = addresses_of(config_);
  const bool is_ours =
      std::ranges::any_of(all, [&](const auto& each) { return each.prefix.address == address; });
  const auto left = std::chrono::floor<milliseconds>(held_until_ - BootClock::now());
  if (is_ours && is_master_ && holder_.is_holding() && left > 0ms) set_addresses(left);
}

const netlink::Link& Instance::link_of(const config::VirtualAddress& address) const {
  const auto at = place_->others.find(address.dev);
  return at == place_->others.end() ? home_ : at->second;
}

void Instance::announce_once() {
  if (!place_) return;
  for (const auto& address : addresses_of(config_)) {
    const auto announcer = announcers_.find(link_of(address).index);
    if (announcer == announcers_.end()) continue;
    const auto told = announcer->second.announce(address.prefix.address);
    if (!told) note_failure("the neighbours can't be told of our address", told.error());
    if (told) ++statistics_.gratuitous_sent;
  }
}

void Instance::announce(int repeat) {
  const auto pause = family_of(config_) == IpAddress::Family::ipv4 ? globals_.vrrp_garp_interval
                                                                   : globals_.vrrp_gna_interval;
  if (pause > 0ms) return tasks_.spawn("announcing " + name(), announce_slowly(repeat, pause));
  for (int i = 0; i < repeat; ++i) announce_once();
}

awaitable<void> Instance::announce_slowly(int repeat, milliseconds pause) {
  for (int i = 0; i < repeat && holder_.is_holding(); ++i) {
    if (i > 0) co_await async::sleep_for(pause);
    if (holder_.is_holding()) announce_once();
  }
}

awaitable<void> Instance::stop() {
  close();
  co_await tasks_.stop();
  co_await endings_.join();
}

}  // namespace holdfast::vip
