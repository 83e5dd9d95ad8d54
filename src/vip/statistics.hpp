#pragma once

#include <cstdint>

#include "vrrp/advert.hpp"

namespace holdfast::vip {

// keepalived's counters of one instance, with its names (keepalived.json, keepalived-exporter).
struct Statistics {
  std::uint64_t advert_rcvd = 0;
  std::uint64_t advert_sent = 0;
  std::uint64_t become_master = 0;
  std::uint64_t release_master = 0;
  std::uint64_t packet_len_err = 0;
  std::uint64_t advert_interval_err = 0;
  std::uint64_t ip_ttl_err = 0;
  std::uint64_t invalid_type_rcvd = 0;
  std::uint64_t addr_list_err = 0;
  std::uint64_t invalid_authtype = 0;
  std::uint64_t authtype_mismatch = 0;
  std::uint64_t auth_failure = 0;
  std::uint64_t pri_zero_rcvd = 0;
  std::uint64_t pri_zero_sent = 0;
  std::uint64_t chk_err = 0;
  std::uint64_t vers_err = 0;
  // Ours.
  std::uint64_t stranger_rcvd = 0;      // from a source that is no peer, or our own address
  std::uint64_t gratuitous_sent = 0;    // ARP and neighbour advertisements
  std::uint64_t address_conflicts = 0;  // somebody else answered ARP for an address that we hold
  std::uint64_t two_masters = 0;        // as master heard another one

  void count(vrrp::AdvertFault fault);
};

}  // namespace holdfast::vip
