#include "agent/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dcs/etcd/options.hpp"

namespace holdfast::agent {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ExtraHeaders, of_https_are_added_under_tls_alone) {
  config::RestApiConfig restapi;
  restapi.http_extra_headers = {{"X-Frame-Options", "SAMEORIGIN"}, {"X-Site", "north"}};
  restapi.https_extra_headers = {{"Strict-Transport-Security", "max-age=1"}, {"X-Frame-Options", "DENY"}};
  EXPECT_THAT(extra_headers(restapi),
              ElementsAre(Pair("X-Frame-Options", "SAMEORIGIN"), Pair("X-Site", "north")));
  restapi.certfile = "/cert.pem";
  EXPECT_THAT(extra_headers(restapi), ElementsAre(Pair("Strict-Transport-Security", "max-age=1"),
                                                  Pair("X-Frame-Options", "DENY"), Pair("X-Site", "north")));
}

TEST(AccessPolicy, keeps_host_names_apart_from_networks) {
  config::RestApiConfig restapi;
  restapi.allowlist = {"10.0.0.0/8", "admin.example", "::1"};
  const auto policy = access_policy(restapi);
  EXPECT_EQ(policy.allowlist.size(), 2U);
  EXPECT_THAT(policy.host_names, ElementsAre("admin.example"));
}

TEST(EtcdOptions, verify_etcd_only_by_a_given_authority) {
  config::EtcdConfig etcd;
  etcd.protocol = config::Protocol::https;
  EXPECT_FALSE(dcs::options_of(etcd).tls.verify);
  etcd.cacert = "/ca.pem";
  EXPECT_TRUE(dcs::options_of(etcd).tls.verify);
}

}  // namespace
}  // namespace holdfast::agent
