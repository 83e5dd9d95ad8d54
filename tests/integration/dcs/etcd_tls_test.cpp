#include <gtest/gtest.h>

#include "dcs/etcd/options.hpp"
#include "dcs/etcd/store.hpp"
#include "dcs/transactions.hpp"
#include "etcd_cluster.hpp"
#include "integration/certificates.hpp"
#include "integration/play.hpp"

namespace holdfast::dcs {
namespace {

using holdfast::testing::Certificates;
using holdfast::testing::EtcdCluster;

const Keys keys{"service", "tls"};

void play(awaitable<void> story) {
  holdfast::testing::play(std::move(story), 40s);
}

// etcd that speaks TLS alone and lets in only who shows a certificate of its authority.
class WithTls : public ::testing::Test {
 public:
  std::vector<std::string> flags() {
    const auto pair = certificates.sign("server");
    return {"--cert-file=" + pair.cert, "--key-file=" + pair.key,
            "--trusted-ca-file=" + certificates.authority(), "--client-cert-auth=true"};
  }
  // `etcd3:` as a user writes it.
  config::EtcdConfig configured() const {
    config::EtcdConfig etcd;
    const auto url = http::parse_url(cluster.client_url(0)).value();
    etcd.hosts.push_back({url.endpoint.host, url.endpoint.port});
    etcd.protocol = config::Protocol::https;
    etcd.cacert = certificates.authority();
    etcd.cert = client.cert;
    etcd.key = client.key;
    return etcd;
  }

  Certificates certificates;
  Certificates::Pair client = certificates.sign("client");
  EtcdCluster cluster{1, flags(), "https"};
};

awaitable<bool> until_readable(EtcdStore* store) {
  const auto deadline = BootClock::now() + 15s;
  while (BootClock::now() < deadline) {
    const auto listed = co_await store->range(keys.prefix());
    if (listed) co_return true;
    co_await async::sleep_for(50ms);
  }
  co_return false;
}

awaitable<void> work_story(EtcdOptions options) {
  EtcdStore store{co_await asio::this_coro::executor, std::move(options)};
  EXPECT_TRUE(co_await until_readable(&store));
  const auto lease = co_await store.grant(5s);
  EXPECT_TRUE(lease.has_value()) << (lease ? "" : to_string(lease.error()));
  if (!lease) co_return;
  auto take = acquire_leader(keys, "pg1", *lease, TimelineGuard{});
  const auto won = co_await store.txn(take);
  EXPECT_TRUE(won && won->succeeded) << (won ? "" : to_string(won.error()));
  const Revision from = won ? won->revision : 1;
  auto watch = co_await store.watch(keys.prefix(), from);
  EXPECT_TRUE(watch.has_value()) << (watch ? "" : to_string(watch.error()));
  bool seen = false;
  for (int i = 0; watch && i < 3 && !seen; ++i) {
    const auto batch = co_await (*watch)->next();
    if (!batch) break;
    seen = !batch->events.empty();
  }
  EXPECT_TRUE(seen);
  const auto kept = co_await store.keepalive(*lease);
  EXPECT_TRUE(kept.has_value()) << (kept ? "" : to_string(kept.error()));
}
TEST_F(WithTls, the_store_works_with_a_client_certificate) {
  play(work_story(options_of(configured())));
}
TEST_F(WithTls, etcd_is_not_verified_without_an_authority_to_verify_it_by) {
  auto etcd = configured();
  etcd.cacert.clear();
  play(work_story(options_of(etcd)));
}

awaitable<void> refused_story(EtcdCluster* cluster, EtcdOptions good, EtcdOptions bad, std::string* context) {
  const auto executor = co_await asio::this_coro::executor;
  EtcdStore first{executor, std::move(good)};
  EXPECT_TRUE(co_await until_readable(&first)) << cluster->client_url(0);
  bad.request_timeout = 1s;
  EtcdStore second{executor, std::move(bad)};
  const auto refused = co_await second.range(keys.prefix());
  EXPECT_FALSE(refused.has_value());
  if (refused) co_return;
  *context = refused.error().context;
}

TEST_F(WithTls, a_certificate_of_another_authority_is_refused_in_words) {
  const Certificates strangers;
  auto etcd = configured();
  etcd.cacert = strangers.authority();
  std::string context;
  play(refused_story(&cluster, options_of(configured()), options_of(etcd), &context));
  EXPECT_NE(context.find("the certificate of 127.0.0.1 is not accepted"), std::string::npos) << context;
  EXPECT_NE(context.find("check etcd3.cacert"), std::string::npos) << context;
  EXPECT_NE(context.find(cluster.client_url(0)), std::string::npos) << context;
}

TEST_F(WithTls, who_shows_no_certificate_is_told_that_etcd_wants_one) {
  auto etcd = configured();
  etcd.cert.clear();
  etcd.key.clear();
  std::string context;
  play(refused_story(&cluster, options_of(configured()), options_of(etcd), &context));
  EXPECT_NE(context.find("set etcd3.cert and key"), std::string::npos) << context;
}

TEST_F(WithTls, who_shows_the_certificate_of_a_stranger_is_refused) {
  Certificates strangers;
  const auto pair = strangers.sign("client");
  auto etcd = configured();
  etcd.cert = pair.cert;
  etcd.key = pair.key;
  std::string context;
  play(refused_story(&cluster, options_of(configured()), options_of(etcd), &context));
  EXPECT_NE(context.find("does not accept the certificate in etcd3.cert"), std::string::npos) << context;
}

TEST(EtcdTls, an_etcd_that_does_not_speak_tls_is_told_from_one_that_does) {
  EtcdCluster cluster{1};
  const auto url = http::parse_url(cluster.client_url(0)).value();
  config::EtcdConfig etcd;
  etcd.hosts.push_back({url.endpoint.host, url.endpoint.port});
  const auto plain = options_of(etcd);
  etcd.protocol = config::Protocol::https;
  std::string context;
  play(refused_story(&cluster, plain, options_of(etcd), &context));
  EXPECT_NE(context.find("does it speak TLS? See etcd3.protocol"), std::string::npos) << context;
}

}  // namespace
}  // namespace holdfast::dcs
