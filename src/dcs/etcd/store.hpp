#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dcs/etcd/srv.hpp"
#include "dcs/store.hpp"
#include "http/client.hpp"
#include "http/url.hpp"

namespace holdfast::dcs {

struct EtcdOptions {
  std::vector<http::Url>
      endpoints;           // `etcd3.hosts`; tried first to last, then the members learned from them (EC-13)
  std::string srv;         // `etcd3.srv`: the endpoints are looked up in this domain, now and then again
  std::string srv_suffix;  // `etcd3.srv_suffix`
  etcd::AskSrv ask_srv = [](const std::string& name) { return etcd::ask_dns(name); };  // in a thread
  http::TlsClientOptions tls;  // `etcd3.cacert`, `cert`, `key`
  std::string username;        // `etcd3.username`: token authentication
  Secret password;
  milliseconds request_timeout = 3s;     // of one call, all its tries together
  milliseconds try_timeout = 1s;         // of one endpoint's answer, when others are left to try
  milliseconds connect_timeout = 300ms;  // what a dead endpoint costs before the next is tried
  milliseconds watch_idle_max = 3s;      // a watch without a sign of life for so long is dead (EC-10)
  bool learn_members = true;             // also use the client URLs that the members advertise
};

// etcd v3 through its JSON gateway, as Patroni speaks to it (Patroni, dcs/etcd3.py). Belongs to one executor.
class EtcdStore : public Store {
 public:
  EtcdStore(const asio::any_io_executor& executor, EtcdOptions options);
  ~EtcdStore() override;

  awaitable<Result<Snapshot>> range(std::string prefix) override;
  awaitable<Result<TxnResult>> txn(Txn txn) override;
  awaitable<Result<LeaseId>> grant(seconds ttl) override;
  awaitable<Result<seconds>> keepalive(LeaseId lease) override;
  awaitable<Result<void>> revoke(LeaseId lease) override;
  awaitable<Result<std::unique_ptr<Watch>>> watch(std::string prefix, Revision from) override;
  awaitable<Result<StoreStatus>> status() override;
  awaitable<Result<void>> move_leader(std::uint64_t member_id) override;

  // Membership and upkeep, for the role etcd.
  awaitable<Result<std::vector<StoreMember>>> members();
  awaitable<Result<std::uint64_t>> add_member(std::vector<std::string> peer_urls);
  awaitable<Result<void>> remove_member(std::uint64_t id);
  awaitable<Result<void>> compact(Revision up_to);
  awaitable<Result<void>> defragment(http::Url endpoint);        // blocks that member while it runs
  awaitable<Result<StoreStatus>> status_of(http::Url endpoint);  // that one and no other; members left empty

  std::vector<http::Url> endpoints() const;              // configured, then learned
  void set_endpoints(std::vector<http::Url> endpoints);  // reload

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::dcs
