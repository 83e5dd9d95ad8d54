#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/rest_access.hpp"
#include "agent/rest_operations.hpp"
#include "agent/rest_view.hpp"
#include "async/asio.hpp"
#include "heartbeat/publisher.hpp"
#include "http/server.hpp"

// The agent's REST API, Patroni's: paths, parameters, status codes and texts.
namespace holdfast::agent::rest {

struct ApiOptions {
  AccessPolicy access;
  std::map<std::string, std::string> extra_headers;  // http_extra_headers, and https_extra_headers under TLS
};

// Glues an http::Server to what the agent knows (`view`), does (`operations`) and publishes. All of them
// outlive it.
class RestApi {
 public:
  struct Sources {
    std::function<RestView()> view;
    Operations& operations;
    heartbeat::Publisher& publisher;
    std::function<std::string()> metrics;  // our part of /metrics: Registry::text()
  };

  RestApi(ApiOptions options, Sources sources);

  void set_options(ApiOptions options);  // reload
  http::ServerHandlers handlers();       // for http::Server::start; refers to this object
  awaitable<http::Response> handle(http::Request request);
  std::uint64_t requests() const { return requests_; }  // answered
  std::uint64_t refusals() const { return refusals_; }  // of them with 401 or 403

 private:
  awaitable<http::Response> route(http::Request request);
  awaitable<http::Response> run_unsafe(http::Request request);
  awaitable<http::Response> run_config(http::Request request);
  awaitable<http::Response> run_switchover(http::Request request, std::string action);
  awaitable<http::Response> run_restart(http::Request request);
  awaitable<http::Response> run_reinitialize(http::Request request);
  awaitable<http::Response> run_failsafe(http::Request request);

  ApiOptions options_;
  std::uint64_t requests_ = 0;
  std::uint64_t refusals_ = 0;
  Sources sources_;
};

}  // namespace holdfast::agent::rest
