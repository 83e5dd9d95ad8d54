#include "dcs/etcd/codec.hpp"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace holdfast::dcs::etcd {
namespace {

TEST(Codec, ends_a_prefix_after_its_last_key) {
  EXPECT_EQ(end_of_prefix("/a/"), "/a0");
  EXPECT_EQ(end_of_prefix("a\xff"), "b");
  EXPECT_EQ(end_of_prefix("\xff"), std::string(1, '\0'));
}

TEST(Codec, writes_integers_as_strings_and_bytes_in_base64) {
  Txn txn{.compares = {{.key = "k", .target = Compare::Target::create_revision, .number = 0}},
          .success = {Put{"k", "v", LeaseId{7}}},
          .failure = {Range{"k", false}}};
  EXPECT_EQ(boost::json::serialize(print_txn(txn)),
            R"({"compare":[{"key":"aw==","result":"EQUAL","target":"CREATE","create_revision":"0"}],)"
            R"("success":[{"request_put":{"key":"aw==","value":"dg==","lease":"7"}}],)"
            R"("failure":[{"request_range":{"key":"aw=="}}]})");
}

TEST(Codec, reads_a_transaction_with_what_it_found) {
  const auto body = parse_body(
      R"({"header":{"cluster_id":"14841639068965178418","revision":"9007199254740993","raft_term":"3"},"responses":)"
      R"([{"response_range":{"kvs":[{"key":"aw==","value":"dg==","create_revision":"2","mod_revision":"3","version":"2"}]}}]})");
  const auto result = parse_txn(*body).value();
  EXPECT_FALSE(result.succeeded);
  EXPECT_EQ(result.revision, 9007199254740993);
  ASSERT_EQ(result.read.size(), 1U);
  EXPECT_EQ(result.read[0].value, "v");
  EXPECT_EQ(parse_header(*body).cluster_id, 14841639068965178418U);
}

TEST(Codec, reads_watch_messages) {
  const auto message =
      parse_watch(
          R"({"result":{"header":{"revision":"5"},"events":[{"type":"DELETE","kv":{"key":"aw==","mod_revision":"5"}}]}})")
          .value();
  ASSERT_EQ(message.events.size(), 1U);
  EXPECT_EQ(message.events[0].kind, WatchEvent::Kind::removed);
  EXPECT_EQ(message.events[0].entry.mod_revision, 5);
  const auto ended = parse_watch(R"({"result":{"canceled":true,"compact_revision":"4"}})").value();
  EXPECT_TRUE(ended.is_cancelled);
  EXPECT_EQ(ended.compact_revision, 4);
  EXPECT_EQ(parse_watch(R"({"error":{"grpc_code":14,"message":"etcdserver: no leader"}})").error().code,
            Errc::unavailable);
  EXPECT_EQ(parse_watch("garbage").error().code, Errc::bad_message);
}

TEST(Classify, knows_what_may_be_tried_elsewhere) {  // EC-14
  for (const auto* text : {"etcdserver: request timed out", "etcdserver: server stopped",
                           "not a primary lessor", "etcdserver: no leader", "etcdserver: leader changed"}) {
    const auto verdict = classify_text(2, text);
    EXPECT_TRUE(verdict.try_elsewhere) << text;
    EXPECT_EQ(verdict.error.code, Errc::unavailable) << text;
  }
  EXPECT_EQ(classify(404, R"({"error":"etcdserver: requested lease not found","code":5})").error.code,
            Errc::lease_lost);
  EXPECT_TRUE(classify(401, R"({"message":"etcdserver: invalid auth token","code":16})").reauthenticate);
  EXPECT_FALSE(
      classify(400, R"({"error":"etcdserver: authentication failed, invalid user ID or password","code":3})")
          .try_elsewhere);
  EXPECT_TRUE(classify(502, "<html>").try_elsewhere);
}

TEST(Version, decides_the_prefix) {
  EXPECT_EQ(prefix_of("3.2.9"), "/v3alpha");
  EXPECT_EQ(prefix_of("3.3.27"), "/v3beta");
  EXPECT_EQ(prefix_of("3.6.0-rc.1"), "/v3");
  EXPECT_EQ(prefix_of("3.0.3").error().code, Errc::unsupported);
  EXPECT_EQ(prefix_of("x").error().code, Errc::bad_message);
}

}  // namespace
}  // namespace holdfast::dcs::etcd
