#include "etcd/member.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "async/task_group.hpp"
#include "integration/certificates.hpp"
#include "integration/dcs/etcd_cluster.hpp"
#include "integration/play.hpp"

namespace holdfast::etcd {
namespace {

using holdfast::testing::free_port;

struct Host {
  std::string name, client_url, peer_url, data_dir;
};

class ThreeHosts {
 public:
  ThreeHosts() {
    char pattern[] = "/tmp/holdfast-member-XXXXXX";
    directory = ::mkdtemp(pattern);
    for (const auto* name : {"pg1", "pg2", "pg3"}) {
      const auto url = [] { return "http://127.0.0.1:" + std::to_string(free_port()); };
      hosts.push_back({name, url(), url(), directory + "/" + name});
    }
  }
  ~ThreeHosts() {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  dcs::EtcdOptions client() const {
    dcs::EtcdOptions options;
    for (const auto& host : hosts) options.endpoints.push_back(http::parse_url(host.client_url).value());
    return options;
  }
  MemberOptions options(std::size_t i) const {
    MemberOptions made;
    auto& server = made.server;
    server.name = hosts[i].name;
    server.data_dir = hosts[i].data_dir;
    server.listen_client_urls = server.advertise_client_urls = {hosts[i].client_url};
    server.listen_peer_urls = server.initial_advertise_peer_urls = {hosts[i].peer_url};
    for (const auto& host : hosts) server.initial_cluster.set(host.name, host.peer_url);
    server.initial_cluster_token = "test";
    made.client = client();
    return made;
  }

  std::string directory;
  std::vector<Host> hosts;
};

awaitable<void> supervise(std::shared_ptr<Member> member, Error* ended) {
  const auto result = co_await member->run();
  if (!result && ended != nullptr) *ended = result.error();
}

// All members started and one leads.
awaitable<bool> until_whole(dcs::EtcdStore* store, std::size_t size) {
  const auto deadline = BootClock::now() + 20s;
  while (BootClock::now() < deadline) {
    const auto status = co_await store->status();
    std::size_t started = 0;
    if (status) {
      for (const auto& member : status->members) {
        const auto url =
            member.client_urls.empty() ? http::parse_url("") : http::parse_url(member.client_urls[0]);
        if (!url) continue;
        const auto one = co_await store->status_of(*url);
        started += one && one->leader_id != 0 ? 1 : 0;
      }
      if (started == size && status->members.size() == size) co_return true;
    }
    co_await async::sleep_for(100ms);
  }
  co_return false;
}

awaitable<void> rejoin_story(const ThreeHosts* hosts) {
  const auto executor = co_await asio::this_coro::executor;
  async::TaskGroup tasks{executor};
  std::vector<std::shared_ptr<Member>> members;
  for (std::size_t i = 0; i < 3; ++i) {
    members.push_back(std::make_shared<Member>(executor, hosts->options(i)));
    tasks.spawn("member", supervise(members[i], nullptr));
  }
  dcs::EtcdStore store{executor, hosts->client()};
  EXPECT_TRUE(co_await until_whole(&store, 3));
  co_await members[2]->stop();
  std::filesystem::remove_all(hosts->hosts[2].data_dir);
  members[2] = std::make_shared<Member>(executor, hosts->options(2));
  tasks.spawn("member", supervise(members[2], nullptr));
  EXPECT_TRUE(co_await until_whole(&store, 3));
  EXPECT_TRUE(std::filesystem::exists(hosts->hosts[2].data_dir + "/member/wal"));

  // The port of a running member is not taken by a second one, and it says so.
  auto twin = std::make_shared<Member>(executor, hosts->options(0));
  tasks.spawn("twin", supervise(twin, nullptr));
  co_await async::sleep_for(100ms);
  EXPECT_FALSE(twin->is_running());
  co_await twin->stop();
  for (const auto& member : members) co_await member->stop();
  co_await tasks.stop();
}

TEST(EtcdRole, forms_a_cluster_and_rejoins_it_after_losing_its_data) {
  const ThreeHosts hosts;
  holdfast::testing::play(rejoin_story(&hosts), 60s);
}

awaitable<void> tls_story(MemberOptions options, const holdfast::testing::Certificates* certificates) {
  const auto executor = co_await asio::this_coro::executor;
  async::TaskGroup tasks{executor};
  auto member = std::make_shared<Member>(executor, options);
  tasks.spawn("member", supervise(member, nullptr));
  dcs::EtcdStore store{executor, options.client};
  EXPECT_TRUE(co_await until_whole(&store, 1));
  // Who shows no certificate is not let in.
  options.client.tls = {.cacert = certificates->authority()};
  options.client.request_timeout = 1s;
  dcs::EtcdStore stranger{executor, options.client};
  const auto refused = co_await stranger.range("/");
  EXPECT_FALSE(refused.has_value());
  co_await member->stop();
  co_await tasks.stop();
}

TEST(EtcdRole, speaks_tls_with_clients_and_members) {
  const ThreeHosts hosts;
  holdfast::testing::Certificates certificates;
  const auto pair = certificates.sign("pg1");
  auto options = hosts.options(0);
  auto& server = options.server;
  const auto secure = [](const std::string& url) { return "https" + url.substr(4); };
  server.listen_client_urls = server.advertise_client_urls = {secure(hosts.hosts[0].client_url)};
  server.listen_peer_urls = server.initial_advertise_peer_urls = {secure(hosts.hosts[0].peer_url)};
  server.initial_cluster = {{"pg1", secure(hosts.hosts[0].peer_url)}};
  server.cert = server.peer_cert = pair.cert;
  server.key = server.peer_key = pair.key;
  server.cacert = server.peer_cacert = certificates.authority();
  server.client_cert_auth = true;
  options.client.endpoints = {http::parse_url(secure(hosts.hosts[0].client_url)).value()};
  options.client.tls = {.cacert = server.cacert, .cert = pair.cert, .key = pair.key};
  holdfast::testing::play(tls_story(options, &certificates), 60s);
}

}  // namespace
}  // namespace holdfast::etcd
