#pragma once

#include <string>

#include "cli/command.hpp"
#include "config/load.hpp"

namespace holdfast::cli {

// The configuration of an operator's command: -c, then HOLDFAST_CONFIG, then /etc/holdfast.yml or Patroni's
// own
// ~/.config/patroni/patronictl.yaml, whichever is there; -d overrides the etcd in it, and stands alone
// without a file.
Result<config::Config> locate_config(const Common& common, const std::string& cluster);

// "etcd3://10.0.1.11:2379/service", "10.0.1.11": how -d names a DCS. Pure.
struct DcsUrl {
  config::HostPort host;
  std::string namespace_;
};
Result<DcsUrl> parse_dcs_url(const std::string& text);

}  // namespace holdfast::cli
