#include "cli/session.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <optional>

#include "agent/settings.hpp"
#include "async/with_timeout.hpp"
#include "cli/ask.hpp"
#include "cli/locate_config.hpp"
#include "cli/selection.hpp"
#include "dcs/etcd/options.hpp"
#include "dcs/etcd/settle.hpp"
#include "dcs/etcd/store.hpp"
#include "http/client.hpp"

namespace holdfast::cli {
namespace {

dcs::EtcdOptions etcd_options(const config::EtcdConfig& config) {
  auto options = dcs::options_of(config);
  options.learn_members = false;  // the one command is over before another member is needed
  return options;
}

// As agent::rest_client_options, but what `ctl` says comes first.
http::ClientOptions rest_options(const config::Config& config, bool insecure) {
  const auto& ctl = config.ctl;
  const auto& api = config.restapi;
  http::ClientOptions options;
  options.tls.cacert = ctl.cacert.empty() ? api.cafile : ctl.cacert;
  options.tls.cert = ctl.certfile.empty() ? api.certfile : ctl.certfile;
  options.tls.key = ctl.certfile.empty() ? api.keyfile : ctl.keyfile;
  options.tls.key_password = ctl.certfile.empty() ? api.keyfile_password : ctl.keyfile_password;
  options.tls.verify = !insecure && !ctl.insecure;
  const auto& as = ctl.authentication.username.empty() ? api.authentication : ctl.authentication;
  options.username = as.username;
  options.password = as.password;
  return options;
}

std::string endpoints_text(const config::EtcdConfig& config) {
  std::vector<std::string> hosts;
  for (const auto& host : config.hosts) hosts.push_back(config::print_host_port(host));
  return fmt::format("{}", fmt::join(hosts, ", "));
}

}  // namespace

struct Session::State {
  State(config::Config loaded, std::string cluster, bool insecure)
      : config{std::move(loaded)},
        scope{std::move(cluster)},
        keys{config.namespace_, scope},
        rest{io.get_executor(), rest_options(config, insecure)},
        store{std::make_unique<dcs::EtcdStore>(io.get_executor(), etcd_options(config.etcd))} {}

  // Runs the loop until `operation` is done.
  template <class T>
  Result<T> wait(awaitable<Result<T>> operation) {
    std::optional<Result<T>> outcome;
    asio::co_spawn(io, std::move(operation), [&](const std::exception_ptr& failure, Result<T> result) {
      outcome = std::move(result);
      if (failure) outcome = Result<T>{fail(Errc::internal, "an operation of the command line failed")};
    });
    io.restart();
    while (!outcome && io.run_one() > 0) {
    }
    return *std::move(outcome);
  }

  asio::io_context io;
  config::Config config;
  std::string scope;
  dcs::Keys keys;
  http::Client rest;
  std::unique_ptr<dcs::EtcdStore> store;
};

Session::Session(std::unique_ptr<State> state) : state_{std::move(state)} {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(const Common& common, const std::string& cluster) {
  auto config = locate_config(common, cluster);
  if (!config) return tl::unexpected(config.error());
  const std::string scope = cluster.empty() ? config->scope : cluster;
  if (scope.empty())
    return fail(Errc::invalid_argument, "which cluster? Name it, or set `scope` in the configuration");
  if (config->etcd.hosts.empty()) {
    return fail(Errc::invalid_argument,
                "the configuration names no etcd: set etcd3.hosts, or give -d etcd3://HOST:PORT");
  }
  auto state = std::make_unique<State>(*std::move(config), scope, common.insecure);
  return std::unique_ptr<Session>{new Session{std::move(state)}};
}

Result<std::unique_ptr<Session>> Session::open_for(const Common& common, Style style,
                                                   std::vector<std::string>& names) {
  std::string scope;
  if (style == Style::holdfast && !names.empty()) {
    // The first word is the cluster's name only when it is the configuration's, so that has to be known
    // first.
    auto config = locate_config(common, "");
    if (config) scope = config->scope;
  }
  auto target = split_target(style, scope, names);
  names = target.members;
  return open(common, target.cluster);
}

const std::string& Session::scope() const {
  return state_->scope;
}

const config::Config& Session::config() const {
  return state_->config;
}

Result<dcs::Cluster> Session::read() {
  auto snapshot = state_->wait(state_->store->range(state_->keys.prefix()));
  if (!snapshot) {
    return fail(fmt::format("etcd doesn't answer (asked {}): is it running, and is this the right address?",
                            endpoints_text(state_->config.etcd)),
                snapshot.error());
  }
  return dcs::parse_cluster(state_->keys, *snapshot);
}

Result<bool> Session::write(dcs::Txn txn) {
  auto result = state_->wait(dcs::settle(state_->store.get(), std::move(txn)));
  if (!result) return fail("writing to etcd", result.error());
  return result->succeeded;
}

Result<dcs::StoreStatus> Session::store_status() {
  return state_->wait(state_->store->status());
}

std::vector<bool> Session::store_answers() {
  std::vector<bool> answers;
  for (const auto& endpoint : etcd_options(state_->config.etcd).endpoints) {
    auto status = state_->wait(async::with_timeout(2s, state_->store->status_of(endpoint)));
    answers.push_back(status && status->leader_id != 0);
  }
  return answers;
}

Result<http::Response> Session::ask(const dcs::Member& member, std::string method, std::string path,
                                    std::string body, milliseconds limit) {
  auto url = http::parse_url(member.api_url);
  if (!url) return fail(Errc::not_found, fmt::format("member {} announces no REST API", member.name));
  http::Request request = body.empty() ? http::get_request() : http::post_request(std::move(body));
  request.method = std::move(method);
  auto response =
      state_->wait(state_->rest.request(http::with_target(*url, std::move(path)), std::move(request), limit));
  if (!response) {
    return fail(fmt::format("the REST API of {} at {} doesn't answer", member.name,
                            http::print_endpoint(url->endpoint)),
                response.error());
  }
  return response;
}

std::vector<Result<http::Response>> Session::get_all(std::vector<std::string> urls, milliseconds limit) {
  return ask_all(state_->io, state_->rest, urls, limit);
}

}  // namespace holdfast::cli
