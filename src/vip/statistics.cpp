#include "vip/statistics.hpp"

namespace holdfast::vip {

void Statistics::count(vrrp::AdvertFault fault) {
  switch (fault) {
    case vrrp::AdvertFault::ttl:
      ++ip_ttl_err;
      return;
    case vrrp::AdvertFault::length:
      ++packet_len_err;
      return;
    case vrrp::AdvertFault::checksum:
      ++chk_err;
      return;
    case vrrp::AdvertFault::version:
      ++vers_err;
      return;
    case vrrp::AdvertFault::type:
      ++invalid_type_rcvd;
      return;
    case vrrp::AdvertFault::auth_type:
      ++authtype_mismatch;
      return;
    case vrrp::AdvertFault::invalid_auth_type:
      ++invalid_authtype;
      return;
    case vrrp::AdvertFault::auth_data:
      ++auth_failure;
      return;
    case vrrp::AdvertFault::address_list:
      ++addr_list_err;
      return;
    case vrrp::AdvertFault::interval:
      ++advert_interval_err;
      return;
    case vrrp::AdvertFault::source:
    case vrrp::AdvertFault::own:
      ++stranger_rcvd;
      return;
  }
}

}  // namespace holdfast::vip
