#include "vip/statistics.hpp"

#include <gtest/gtest.h>

namespace holdfast::vip {
namespace {

TEST(Statistics, each_fault_of_an_advert_has_keepaliveds_counter) {
  using enum vrrp::AdvertFault;
  const std::pair<vrrp::AdvertFault, std::uint64_t Statistics::*> rows[] = {
      {ttl, &Statistics::ip_ttl_err},
      {length, &Statistics::packet_len_err},
      {checksum, &Statistics::chk_err},
      {version, &Statistics::vers_err},
      {type, &Statistics::invalid_type_rcvd},
      {auth_type, &Statistics::authtype_mismatch},
      {invalid_auth_type, &Statistics::invalid_authtype},
      {auth_data, &Statistics::auth_failure},
      {address_list, &Statistics::addr_list_err},
      {interval, &Statistics::advert_interval_err},
      {source, &Statistics::stranger_rcvd},
      {own, &Statistics::stranger_rcvd},
  };
  for (const auto& [fault, counter] : rows) {
    Statistics statistics;
    statistics.count(fault);
    EXPECT_EQ(statistics.*counter, 1U) << vrrp::to_string(fault);
    EXPECT_EQ(statistics.advert_rcvd, 0U);
  }
}

}  // namespace
}  // namespace holdfast::vip
