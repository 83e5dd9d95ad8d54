#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "config/config.hpp"
#include "dcs/cluster.hpp"
#include "dcs/types.hpp"
#include "http/message.hpp"
#include "http/url.hpp"

namespace holdfast::cli {

// One cluster as a verb reaches it: its configuration, its state in the DCS, its members' REST APIs. Every
// call blocks and has a deadline.
class Session {
 public:
  // `cluster`: its name on the command line; empty: the configuration's `scope`. A file that names only
  // `etcd3` and `ctl` will do, and none at all when the DCS is given by -d. Errc::invalid_argument: all that
  // is wrong with it.
  static Result<std::unique_ptr<Session>> open(const Common& common, const std::string& cluster);
  // For verbs that name members too: the cluster is taken off the front of `names` (split_target).
  static Result<std::unique_ptr<Session>> open_for(const Common& common, Style style,
                                                   std::vector<std::string>& names);
  ~Session();

  const std::string& scope() const;
  const config::Config& config() const;

  Result<dcs::Cluster> read();              // linearizable
  Result<bool> write(dcs::Txn txn);         // false: a compare failed, somebody was faster
  Result<dcs::StoreStatus> store_status();  // of whoever answers among etcd's members
  std::vector<bool> store_answers();        // each of `etcd3.hosts`, asked by itself

  // A member's REST API. `path` as in "/restart". Any status is a success; an error names the member.
  Result<http::Response> ask(const dcs::Member& member, std::string method, std::string path,
                             std::string body = {}, milliseconds limit = 15s);
  // GET of all at the same time, answers in their order.
  std::vector<Result<http::Response>> get_all(std::vector<std::string> urls, milliseconds limit = 2s);

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::cli
