#pragma once

#include <functional>
#include <memory>

#include "async/task_group.hpp"
#include "drill/observation.hpp"
#include "drill/places.hpp"
#include "drill/writers.hpp"
#include "http/client.hpp"

namespace holdfast::dcs {
class EtcdStore;
}

namespace holdfast::drill {

// Keeps asking everybody how they are: each member's agent and PostgreSQL (directly, past the proxies), etcd,
// and each proxy. Each question has a deadline of its own, so nobody's silence delays another's answer. It
// lives on one executor; stop the tasks (the group given to start) before it goes.
class Observer {
 public:
  Observer(const asio::any_io_executor& executor, Places places);
  ~Observer();

  void start(async::TaskGroup& tasks);

  const Observation& now() const { return seen_; }
  const Chronicle& chronicle() const { return chronicle_; }
  Chronicle& chronicle() { return chronicle_; }  // for events of the drill's own
  const WriterWatch& writers() const { return writers_; }
  const Places& places() const { return places_; }
  http::Client& http() { return http_; }

 private:
  awaitable<void> watch_agent(std::size_t member);
  awaitable<void> watch_postgres(std::size_t member);
  awaitable<void> watch_proxy(std::size_t proxy);
  awaitable<void> watch_vip(std::size_t vip);
  awaitable<void> watch_store();
  awaitable<void> watch_etcd_member(std::size_t index);
  awaitable<Result<void>> ask_recovery(std::size_t member, std::optional<Connection>& connection);
  void note(const std::string& lane, State state);
  void note_leader(const std::string& leader);

  Places places_;
  http::Client http_;
  http::Client etcd_http_;
  std::unique_ptr<dcs::EtcdStore> store_;
  Observation seen_;
  std::vector<bool> etcd_up_;  // by its place
  Chronicle chronicle_;
  WriterWatch writers_;
};

}  // namespace holdfast::drill
