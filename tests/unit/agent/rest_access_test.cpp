#include "agent/rest_access.hpp"

#include <gtest/gtest.h>

#include "unit/agent/rest_views.hpp"

namespace holdfast::agent::rest {
namespace {

http::Request a_request(const std::string& peer) {
  http::Request request;
  request.method = "POST";
  request.peer = peer;
  return request;
}

int status_of(const AccessPolicy& policy, const http::Request& request,
              Allow allow = Allow::listed_or_member) {
  const auto refusal = refuse(policy, request, the_primary(), allow);
  return refusal ? refusal->status : 200;
}

TEST(RestAccess, is_open_when_nothing_is_configured) {
  EXPECT_EQ(status_of({}, a_request("192.0.2.1")), 200);
}

TEST(RestAccess, asks_for_the_password) {
  AccessPolicy policy;
  policy.username = "admin";
  policy.password = Secret{"s3cret"};
  auto request = a_request("192.0.2.1");
  auto refusal = refuse(policy, request, the_primary(), Allow::listed_or_member);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 401);
  EXPECT_EQ(refusal->body, "no auth header received");
  EXPECT_EQ(refusal->headers.find("WWW-Authenticate"), "Basic realm=\"Patroni\"");
  for (const auto& [username, password] : {std::pair{"admin", "S3cret"},
                                           {"admin", ""},
                                           {"", "s3cret"},
                                           {"admin", "s3cret "},
                                           {"root", "s3cret"}}) {
    request.headers.set("Authorization", http::basic_authorization(username, Secret{password}));
    refusal = refuse(policy, request, the_primary(), Allow::listed_or_member);
    ASSERT_TRUE(refusal) << username << ":" << password;
    EXPECT_EQ(refusal->body, "not authenticated");
  }
  request.headers.set("Authorization", "Bearer s3cret");
  EXPECT_EQ(status_of(policy, request), 401);
  request.headers.set("Authorization", http::basic_authorization("admin", Secret{"s3cret"}));
  EXPECT_EQ(status_of(policy, request), 200);
}

TEST(RestAccess, lets_in_the_listed_networks) {
  AccessPolicy policy;
  policy.allowlist = {*parse_network("10.0.0.0/8"), *parse_network("192.0.2.7"), *parse_network("fd00::/8")};
  for (const char* peer : {"10.255.0.1", "192.0.2.7", "fd12::1", "::ffff:10.1.1.1"}) {
    EXPECT_EQ(status_of(policy, a_request(peer)), 200) << peer;
  }
  for (const char* peer : {"11.0.0.1", "192.0.2.8", "fe80::1", "", "garbage"}) {
    const auto refusal = refuse(policy, a_request(peer), the_primary(), Allow::listed_or_member);
    ASSERT_TRUE(refusal) << peer;
    EXPECT_EQ(refusal->status, 403);
    EXPECT_EQ(refusal->body, "Access is denied");
  }
}

TEST(RestAccess, lets_in_members_when_told_to_but_not_for_failsafe) {
  AccessPolicy policy;
  policy.allowlist_include_members = true;
  EXPECT_EQ(status_of(policy, a_request("10.0.1.12")), 200);
  EXPECT_EQ(status_of(policy, a_request("10.0.1.99")), 403);
  EXPECT_EQ(status_of(policy, a_request("10.0.1.99"), Allow::listed), 200) << "no list is configured";
}

TEST(RestAccess, lets_nobody_in_by_a_host_name_that_is_not_resolved) {
  AccessPolicy policy;
  policy.host_names = {"admin.example"};
  EXPECT_EQ(status_of(policy, a_request("192.0.2.1")), 403);
  policy.allowlist = {parse_network("192.0.2.1").value()};
  EXPECT_EQ(status_of(policy, a_request("192.0.2.1")), 200);
}

TEST(RestAccess, knows_members_by_the_addresses_of_their_host_names) {
  AccessPolicy policy;
  policy.allowlist_include_members = true;
  policy.member_addresses = {parse_network("10.0.1.99").value()};
  EXPECT_EQ(status_of(policy, a_request("10.0.1.99")), 200);
}

TEST(RestAccess, wants_a_certificate_where_tls_verifies_clients) {
  AccessPolicy policy;
  policy.certificate_required = true;
  auto request = a_request("192.0.2.1");
  const auto refusal = refuse(policy, request, the_primary(), Allow::listed_or_member);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->body, "client certificate required");
  request.client_verified = true;
  EXPECT_EQ(status_of(policy, request), 200);
}

TEST(RestAccess, refuses_networks_that_are_none) {
  for (const char* text :
       {"", "host", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "10.0.0.0/", "fd00::/129", "10.0.0"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
  EXPECT_TRUE(contains(*parse_network("0.0.0.0/0"), "203.0.113.9"));
  EXPECT_FALSE(contains(*parse_network("0.0.0.0/0"), "::1"));
}

TEST(RestAccess, compares_secrets_whole) {
  EXPECT_TRUE(equals_in_constant_time("", ""));
  EXPECT_TRUE(equals_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equals_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equals_in_constant_time("abc", "abcabc"));
  EXPECT_FALSE(equals_in_constant_time("abcabc", "abc"));
  EXPECT_FALSE(equals_in_constant_time("", "x"));
}

}  // namespace
}  // namespace holdfast::agent::rest
