#pragma once

#include <map>
#include <vector>

#include "netlink/socket.hpp"
#include "vip/place.hpp"

namespace holdfast::vip {

// Sets the addresses and routes of one instance and removes them. An address that stays is renewed by being
// set again; the kernel drops it by itself when nobody does (EC-125).
class Holder {
 public:
  explicit Holder(netlink::Socket* kernel) : kernel_{kernel} {}

  struct Held {
    std::vector<IpAddress> added;  // were not there before
    std::vector<Error> failures;   // an address that can't be set, a route
  };
  // What `instance` names, on `place` (addresses without a dev on `link`), for whole seconds, at least one.
  Held hold(const config::VrrpInstance& instance, const Place& place, const netlink::Link& link,
            milliseconds lifetime);
  // Everything that this instance may have set, and addresses that an earlier process of ours left there.
  std::vector<Error> drop(const config::VrrpInstance& instance, const Place& place,
                          const netlink::Link& link);

  // What `gone` names, routes and all; the rest stays held.
  std::vector<Error> remove(const config::VrrpInstance& gone, const Place& place, const netlink::Link& link);
  void expect_other_routes() { has_routes_ = false; }  // the configuration changed: the next hold() sets them

  bool is_holding() const { return is_holding_; }
  bool has_all() const {
    return is_holding_ && has_all_;
  }  // the kernel took every address of the last hold()

 private:
  netlink::Socket* kernel_;
  bool is_holding_ = false;
  bool has_all_ = false;
  bool has_routes_ = false;
};

}  // namespace holdfast::vip
