#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/task_group.hpp"
#include "vip/announcer.hpp"
#include "vip/channel.hpp"
#include "vip/holder.hpp"
#include "vip/log_limit.hpp"
#include "vip/place.hpp"
#include "vip/statistics.hpp"
#include "vrrp/router.hpp"

namespace holdfast::vip {

// One virtual router's hands and ears: its sockets, its addresses in the kernel, its counters. It decides
// nothing. Belongs to one executor; `co_await stop()` before it goes.
class Instance {
 public:
  struct Events {
    std::function<void(const vrrp::Heard&)> on_advert;  // one that passed every check
    std::function<void()> on_conflict;                  // another host answers for our address
  };

  Instance(const asio::any_io_executor& executor, netlink::Socket* kernel, config::VrrpInstance config,
           config::VrrpGlobals globals, Events events);
  ~Instance();

  const std::string& name() const { return config_.name; }
  const config::VrrpInstance& config() const { return config_; }
  const Statistics& statistics() const { return statistics_; }
  Statistics& statistics() { return statistics_; }

  // Looks where it can live now, and opens what that needs. What is missing, in words; nullopt: it can be a
  // router here. Else it can still say so to the others, as far as they hear it, until close().
  std::optional<std::string> settle(const Host& host);
  void close();  // hears and says nothing any more; the addresses stay as they are
  // A reload. Addresses and routes that are no longer its own are removed, the others stay; settle() follows,
  // and complete() sets those that are new.
  void reconfigure(config::VrrpInstance config, config::VrrpGlobals globals);
  void complete();

  IpAddress source() const { return place_ ? place_->source : IpAddress{}; }
  std::string interface() const;  // where its addresses are
  vrrp::RouterOptions router_options() const;
  bool has_address() const { return holder_.has_all(); }
  std::vector<IpAddress> advertised() const;

  void send_advert(int priority);
  void hold_addresses(milliseconds lifetime);
  void drop_addresses();
  // One was removed from this host; if it is ours to hold, it comes back at once, for what was left of its
  // time.
  void on_address_removed(const IpAddress& address);
  void announce(int repeat);
  void expect_nobody_else(bool is_master) { is_master_ = is_master; }

  awaitable<void> stop();  // closes everything; the addresses stay as they are
  void remove_vmac();

 private:
  awaitable<void> listen(std::shared_ptr<Channel> channel);
  awaitable<void> watch_arp(std::shared_ptr<ArpWatch> watch);
  awaitable<void> announce_slowly(int repeat, milliseconds pause);
  void announce_once();
  void take(const Packet& packet);
  void set_addresses(milliseconds lifetime);
  void note_rejection(const Packet& packet, const vrrp::Rejection& rejection);
  bool hears_nobody(BootInstant now) const;
  void note_deafness();
  void note_failure(const std::string& what, const Error& error);
  Result<void> open(const Place& place);
  Result<netlink::Link> prepare_vmac(const netlink::Link& base);
  ChannelOptions channel_options(const Place& place) const;
  const netlink::Link& link_of(const config::VirtualAddress& address) const;

  asio::any_io_executor executor_;
  netlink::Socket* kernel_;
  config::VrrpInstance config_;
  config::VrrpGlobals globals_;
  Events events_;
  Holder holder_;
  Statistics statistics_;
  std::vector<IpAddress> own_;           // of this host
  bool is_at_home_ = false;              // nothing was missing at the last settle()
  std::optional<Place> place_;           // the last that was good
  netlink::Link home_;                   // where its addresses are: the interface, or the virtual MAC's
  std::shared_ptr<Channel> channel_;     // null: it can't be a router now
  std::map<int, Announcer> announcers_;  // by link
  bool is_master_ = false;
  BootInstant held_until_{};   // by the last hold_addresses()
  BootInstant heard_at_{};     // of the last advert that was right
  BootInstant conflict_at_{};  // of the last that was said
  LogLimit log_limit_;
  std::shared_ptr<async::TaskGroup> ears_;
  async::TaskGroup tasks_;
  async::TaskGroup endings_;  // of ears that are closed
};

}  // namespace holdfast::vip
