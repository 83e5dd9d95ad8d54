#pragma once

#include <boost/asio/thread_pool.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dcs/etcd/codec.hpp"
#include "dcs/etcd/store.hpp"
#include "http/client.hpp"

namespace holdfast::dcs::etcd {

enum class Repeat {
  yes,  // doing it twice is as good as once: any endpoint may be asked again
  no,   // once it may have been done, its error goes to the caller (EC-11)
};

// One etcd cluster behind several endpoints: which one to ask, with which token, how long, and whether to
// believe it.
class Gateway : public std::enable_shared_from_this<Gateway> {
 public:
  Gateway(const asio::any_io_executor& executor, EtcdOptions options);

  // POST <prefix><path> to the endpoints in turn until one answers or request_timeout has passed.
  awaitable<Result<boost::json::object>> call(std::string path, boost::json::object body, Repeat repeat);
  // The same to one endpoint.
  awaitable<Result<boost::json::object>> call_at(http::Url endpoint, std::string path,
                                                 boost::json::object body, milliseconds limit);

  struct Opened {
    http::Url endpoint;
    std::unique_ptr<http::BodyReader> body;
  };
  awaitable<Result<Opened>> open(std::string path, boost::json::object body);

  // Errc::stale when the header comes from an older term or another cluster than known (EC-8, EC-9).
  Result<void> check(const Header& header);

  std::vector<http::Url> endpoints() const;  // configured, then learned
  void configure(std::vector<http::Url> endpoints);
  awaitable<void> learn_if_due();  // asks for the members now and then (EC-13)
  const EtcdOptions& options() const { return options_; }
  const asio::any_io_executor& executor() const { return executor_; }

 private:
  struct Tried {
    std::optional<boost::json::object> answer;
    Verdict verdict;
    bool was_sent = true;  // false: certainly not done
  };
  awaitable<Tried> try_at(http::Url endpoint, std::string path, std::string body, BootInstant deadline,
                          bool streamed, std::unique_ptr<http::BodyReader>* opened);
  // Version and token. What failed; nullopt: ready.
  awaitable<std::optional<Verdict>> prepare(http::Url endpoint, BootInstant deadline);
  awaitable<std::optional<Verdict>> authenticate(http::Url endpoint, BootInstant deadline);
  awaitable<Result<std::string>> find_prefix(http::Url endpoint, BootInstant deadline);
  awaitable<void> find_endpoints(BootInstant deadline);  // waits for SRV records only while there are none
  void start_srv_lookup();
  Error without_endpoints() const;
  void on_srv(const Result<std::vector<http::Url>>& found);
  std::vector<http::Url> in_order() const;
  void note(const http::Url& endpoint, bool is_good);
  bool adopts_rebuilt_cluster();

  asio::any_io_executor executor_;
  EtcdOptions options_;
  http::Client client_;
  std::vector<http::Url> learned_;
  std::map<http::Url, BootInstant> failed_;
  std::optional<http::Url> preferred_;
  std::map<std::uint64_t, Header>
      strangers_;  // by member id: who answered for another cluster or an old term
  std::string prefix_;
  std::string token_;
  BootInstant learned_at_{};
  BootInstant srv_asked_at_{};
  bool srv_is_running_ = false;
  std::string srv_problem_;
  std::uint64_t cluster_id_ = 0;
  std::uint64_t raft_term_ = 0;
  // Last: joined before what its lookups report to is gone. They take a few seconds at most.
  std::unique_ptr<asio::thread_pool> srv_thread_;
};

}  // namespace holdfast::dcs::etcd
