#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::dcs {

// Where Patroni keeps a cluster's state: /<namespace>/<scope>/<key> (Patroni, dcs/etcd3.py).
class Keys {
 public:
  // `space` as in `namespace:` of patroni.yml: slashes around it and doubled ones don't matter; empty:
  // "service".
  Keys(std::string_view space, std::string_view scope);

  const std::string& prefix() const { return prefix_; }  // "/service/payments/": ends with a slash
  const std::string& scope() const { return scope_; }
  std::string leader() const { return prefix_ + "leader"; }
  std::string member(std::string_view name) const { return members() + std::string{name}; }
  std::string members() const { return prefix_ + "members/"; }
  std::string initialize() const { return prefix_ + "initialize"; }
  std::string config() const { return prefix_ + "config"; }
  std::string sync() const { return prefix_ + "sync"; }
  std::string status() const { return prefix_ + "status"; }
  std::string optime() const { return prefix_ + "optime/leader"; }  // before Patroni 2.1
  // Ours, next to Patroni's, which ignores what it does not know: the highest timeline number given out.
  std::string timeline() const { return prefix_ + "timeline"; }
  std::string history() const { return prefix_ + "history"; }
  std::string failover() const { return prefix_ + "failover"; }
  std::string failsafe() const { return prefix_ + "failsafe"; }
  std::string own(std::string_view name) const { return prefix_ + "holdfast/" + std::string{name}; }

  // The member's name when `key` is one of members/NAME; a key further below is not.
  std::optional<std::string> member_of(std::string_view key) const;

 private:
  std::string scope_;
  std::string prefix_;
};

}  // namespace holdfast::dcs
