#include <gtest/gtest.h>

#include "dcs/etcd/store.hpp"
#include "dcs/transactions.hpp"
#include "etcd_cluster.hpp"
#include "integration/play.hpp"

namespace holdfast::dcs {
namespace {

using holdfast::testing::EtcdCluster;

EtcdOptions options_for(const EtcdCluster& cluster, std::string user, std::string password) {
  EtcdOptions options;
  options.endpoints = {http::parse_url(cluster.client_url(0)).value()};
  options.username = std::move(user);
  options.password = Secret{std::move(password)};
  return options;
}

awaitable<void> enable_auth(std::string base) {
  http::Client client{co_await asio::this_coro::executor};
  const std::vector<std::pair<std::string, std::string>> steps{
      {"/v3/auth/user/add", R"({"name":"root","password":"right"})"},
      {"/v3/auth/role/add", R"({"name":"root"})"},
      {"/v3/auth/user/grant", R"({"user":"root","role":"root"})"},
      {"/v3/auth/enable", "{}"}};
  for (const auto& [path, body] : steps) {
    const auto url = http::parse_url(base + path).value();
    const auto reply = co_await client.request(url, http::post_request(body), 5s);
    EXPECT_TRUE(reply && reply->status == 200) << path << (reply ? reply->body : to_string(reply.error()));
  }
}

// etcd makes tokens for so long and not a second more.
constexpr auto token_ttl = 1s;

awaitable<bool> until_readable(EtcdStore* store) {
  const auto deadline = BootClock::now() + 10s;
  while (BootClock::now() < deadline) {
    const auto listed = co_await store->range("/service/");
    if (listed) co_return true;
    co_await async::sleep_for(50ms);
  }
  co_return false;
}

awaitable<void> auth_story(EtcdCluster* cluster) {
  const auto executor = co_await asio::this_coro::executor;
  EtcdStore open{executor, options_for(*cluster, "root", "right")};
  EXPECT_TRUE(co_await until_readable(&open)) << "a password is no harm while authentication is off";
  co_await enable_auth(cluster->client_url(0));
  EtcdStore wrong{executor, options_for(*cluster, "root", "wrong")};
  const auto refused = co_await wrong.range("/service/");
  EXPECT_FALSE(refused.has_value());
  if (!refused) {
    EXPECT_EQ(refused.error().code, Errc::refused) << to_string(refused.error());
    EXPECT_EQ(refused.error().context.find("wrong"), std::string::npos) << refused.error().context;
  }
  EtcdStore right{executor, options_for(*cluster, "root", "right")};
  const auto lease = co_await right.grant(5s);
  EXPECT_TRUE(lease.has_value()) << (lease ? "" : to_string(lease.error()));
  // The one that began without a token gets one, and a restart of etcd, which forgets all tokens, goes
  // unnoticed.
  EXPECT_TRUE(co_await until_readable(&open));
  cluster->kill(0);
  cluster->start(0);
  EXPECT_TRUE(co_await until_readable(&right));
  const Keys keys{"service", "auth"};
  auto write = put_config(keys, "{}");
  const auto done = co_await right.txn(write);
  EXPECT_TRUE(done && done->succeeded) << (done ? "" : to_string(done.error()));
  const Revision from = done ? done->revision : 1;
  auto watch = co_await right.watch(keys.prefix(), from);
  EXPECT_TRUE(watch.has_value());
  bool seen = false;
  for (int i = 0; watch && i < 3 && !seen; ++i) {
    const auto batch = co_await (*watch)->next();
    if (!batch) break;
    seen = !batch->events.empty();
  }
  EXPECT_TRUE(seen);
}

// Renews what it was given until its token has certainly expired: not one renewal may fail.
awaitable<void> expiry_story(EtcdCluster* cluster) {
  const auto executor = co_await asio::this_coro::executor;
  EtcdStore open{executor, options_for(*cluster, "root", "right")};
  EXPECT_TRUE(co_await until_readable(&open));
  co_await enable_auth(cluster->client_url(0));
  EtcdStore store{executor, options_for(*cluster, "root", "right")};
  const auto lease = co_await store.grant(30s);
  EXPECT_TRUE(lease.has_value()) << (lease ? "" : to_string(lease.error()));
  if (!lease) co_return;
  // A simple token's life begins anew with each use (etcd, simpleTokenTTLKeeper), so it is left unused.
  for (int i = 0; i < 2; ++i) {
    co_await async::sleep_for(token_ttl * 2 + 500ms);
    const auto kept = co_await store.keepalive(*lease);
    EXPECT_TRUE(kept.has_value()) << (kept ? "" : to_string(kept.error()));
    auto write = put_config(Keys{"service", "auth"}, "{}");
    const auto done = co_await store.txn(write);
    EXPECT_TRUE(done && done->succeeded) << (done ? "" : to_string(done.error()));
  }
}

void play(awaitable<void> story) {
  holdfast::testing::play(std::move(story), 40s);
}

TEST(EtcdStore, authenticates_anew_when_its_token_has_expired) {  // EC-12
  EtcdCluster cluster{1, {"--auth-token-ttl=1"}};
  play(expiry_story(&cluster));
}

TEST(EtcdStore, authenticates_and_does_so_again_when_etcd_forgot_the_token) {  // EC-12
  EtcdCluster cluster{1};
  play(auth_story(&cluster));
}

}  // namespace
}  // namespace holdfast::dcs
