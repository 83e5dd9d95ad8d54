#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "cli/finding.hpp"

// The floating addresses as every host with the role vip tells of them, and what follows. Plain values, pure
// functions.
namespace holdfast::cli {

// The last advert of another master.
struct VipAdvert {
  std::string from;
  std::int64_t priority = 0;
  milliseconds ago{};

  bool operator==(const VipAdvert&) const = default;
};

// A virtual router as one host sees it.
struct VipRouter {
  std::string name;  // of the vrrp_instance
  std::int64_t id = 0;
  std::string state;  // "MASTER", "BACKUP", "FAULT", "INIT"
  std::optional<WallInstant> since;
  std::string reason;  // of the last transition
  std::int64_t priority = 0;
  std::int64_t base_priority = 0;
  std::string priority_why;
  bool is_sick = false;  // the service behind the address does not work there
  bool holds = false;    // the addresses are set there
  std::vector<std::string> addresses;
  std::string interface;
  milliseconds advert_int{};
  bool is_leased = false;  // `ownership: lease`
  std::optional<VipAdvert> heard;
  std::vector<std::string> down;  // tracked things, each with its reason

  bool is_master() const { return state == "MASTER"; }
  bool can_take_over() const { return state == "BACKUP" && !is_sick; }
  // A backup to which a master speaks now.
  bool is_led(milliseconds age) const;
  bool operator==(const VipRouter&) const = default;
};

struct VipPassage {
  WallInstant at{};
  std::string host;
  std::string router;
  std::string from, to, reason;

  bool operator==(const VipPassage&) const = default;
};

struct VipHost {
  std::string name;
  std::string address;  // of the host
  std::string url;
  bool answers = false;
  std::string silence;  // why it does not
  std::vector<VipRouter> routers;
  std::vector<VipPassage> passages;  // the newest last

  bool operator==(const VipHost&) const = default;
};

struct VipHealth {
  std::vector<VipHost> hosts;  // everybody who was asked
  WallInstant asked_at{};

  bool operator==(const VipHealth&) const = default;
};

// One virtual router on all its hosts: the same number and family, whatever its instances are called.
struct VipTeam {
  struct Place {
    const VipHost* host = nullptr;
    const VipRouter* router = nullptr;
  };
  std::string name;
  std::int64_t id = 0;
  std::vector<std::string> addresses;
  std::vector<Place> places;           // hosts that answered
  std::vector<const VipHost*> silent;  // hosts that might have it too

  std::vector<Place> masters() const;
  // Who leads by what a backup hears, when no host that answered does: a silent host, or a router that is not
  // asked, as a keepalived. nullptr: nobody.
  const VipAdvert* heard_master() const;
  std::string address() const;  // the first, without its length: what a sentence calls it
};

// Refers to `health`.
std::vector<VipTeam> teams_of(const VipHealth& health);

// All transitions, by time.
std::vector<VipPassage> passages_of(const VipHealth& health);

Findings findings_of(const VipHealth& health);

// As of `status`, but 2 says that an address is held by nobody, or that nobody tells.
int vip_exit_code(const VipHealth& health);

}  // namespace holdfast::cli
