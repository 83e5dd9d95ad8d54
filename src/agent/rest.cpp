#include "agent/rest.hpp"

#include "agent/rest_documents.hpp"
#include "agent/rest_orders.hpp"
#include "base/log.hpp"

namespace holdfast::agent::rest {

namespace {

bool is_safe(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

http::Response respond(Answer answer) {
  auto response = text_response(answer.status, std::move(answer.text));
  for (auto& [name, value] : answer.headers) response.headers.set(name, value);
  return response;
}

// The new configuration is JSON; a refusal is a sentence.
http::Response respond_with_config(Answer answer) {
  const bool is_config = answer.status == 200;
  auto response = respond(std::move(answer));
  if (is_config) response.content_type = "application/json";
  return response;
}

// The verbs that change something, as "METHOD segment".
enum class Verb {
  unknown,
  patch_config,
  put_config,
  reload,
  failsafe,
  restart,
  delete_restart,
  switchover,
  failover,
  delete_switchover,
  reinitialize,
  mpp,
};

Verb verb_of(const http::Request& request) {
  struct Row {
    std::string_view method, segment;
    Verb verb;
  };
  static constexpr Row rows[] = {
      {"PATCH", "config", Verb::patch_config},
      {"PUT", "config", Verb::put_config},
      {"POST", "reload", Verb::reload},
      {"POST", "failsafe", Verb::failsafe},
      {"POST", "restart", Verb::restart},
      {"DELETE", "restart", Verb::delete_restart},
      {"POST", "switchover", Verb::switchover},
      {"POST", "failover", Verb::failover},
      {"DELETE", "switchover", Verb::delete_switchover},
      {"POST", "reinitialize", Verb::reinitialize},
      {"POST", "mpp", Verb::mpp},
      {"POST", "citus", Verb::mpp},
  };
  const auto segment = segment_of(request.path);
  for (const auto& row : rows)
    if (row.method == request.method && row.segment == segment) return row.verb;
  return Verb::unknown;
}

}  // namespace

RestApi::RestApi(ApiOptions options, Sources sources)
    : options_{std::move(options)}, sources_{std::move(sources)} {}

void RestApi::set_options(ApiOptions options) {
  options_ = std::move(options);
}

http::ServerHandlers RestApi::handlers() {
  http::ServerHandlers handlers;
  handlers.handle = [this](http::Request request) { return handle(std::move(request)); };
  handlers.wants_upgrade = [](const http::Request& request) {
    return request.method == "GET" && request.path == heartbeat::path &&
           request.headers.has_token("Upgrade", heartbeat::protocol);
  };
  handlers.on_upgrade = [this](http::Request, std::unique_ptr<http::Stream> stream) {
    return sources_.publisher.serve(std::move(stream));
  };
  return handlers;
}

awaitable<http::Response> RestApi::handle(http::Request request) {
  auto response = co_await route(std::move(request));
  ++requests_;
  if (response.status == 401 || response.status == 403) ++refusals_;
  for (const auto& [name, value] : options_.extra_headers) response.headers.set(name, value);
  co_return response;
}

awaitable<http::Response> RestApi::route(http::Request request) {
  if (is_safe(request.method)) {
    const bool wants_metrics = segment_of(request.path) == "metrics" && sources_.metrics;
    const std::string metrics = wants_metrics ? sources_.metrics() : std::string{};
    co_return answer_safe(sources_.view(), request, metrics);
  }
  if (verb_of(request) == Verb::unknown) {
    co_return text_response(501, "Unsupported method ('" + request.method + "')");
  }
  const auto allow = verb_of(request) == Verb::failsafe ? Allow::listed : Allow::listed_or_member;
  auto refusal = refuse(options_.access, request, sources_.view(), allow);
  if (refusal) {
    log::warn(
        "REST request refused",
        {{"peer", request.peer}, {"method", request.method}, {"path", request.path}, {"why", refusal->body}});
    co_return *std::move(refusal);
  }
  log::info("REST request", {{"peer", request.peer}, {"method", request.method}, {"path", request.path}});
  co_return co_await run_unsafe(std::move(request));
}

awaitable<http::Response> RestApi::run_unsafe(http::Request request) {
  Operations& operations = sources_.operations;
  switch (verb_of(request)) {
    case Verb::patch_config:
    case Verb::put_config:
      co_return co_await run_config(std::move(request));
    case Verb::switchover:
      co_return co_await run_switchover(std::move(request), "switchover");
    case Verb::failover:
      co_return co_await run_switchover(std::move(request), "failover");
    case Verb::restart:
      co_return co_await run_restart(std::move(request));
    case Verb::reinitialize:
      co_return co_await run_reinitialize(std::move(request));
    case Verb::failsafe:
      co_return co_await run_failsafe(std::move(request));
    case Verb::reload: {
      auto answer = co_await operations.reload();
      co_return respond(std::move(answer));
    }
    case Verb::delete_restart: {
      auto answer = co_await operations.delete_restart();
      co_return respond(std::move(answer));
    }
    case Verb::delete_switchover: {
      auto answer = co_await operations.delete_switchover();
      co_return respond(std::move(answer));
    }
    case Verb::mpp:  // Patroni's answer where no Citus coordinator runs
    case Verb::unknown:
      break;
  }
  co_return text_response(200, "OK");
}

awaitable<http::Response> RestApi::run_config(http::Request request) {
  auto body = read_body(request, Body::required);
  if (!body) co_return respond(body.error());
  const bool is_patch = request.method == "PATCH";
  auto work = is_patch ? sources_.operations.patch_config(*std::move(body))
                       : sources_.operations.put_config(*std::move(body));
  auto answer = co_await std::move(work);
  co_return respond_with_config(std::move(answer));
}

awaitable<http::Response> RestApi::run_switchover(http::Request request, std::string action) {
  auto body = read_body(request, Body::required);
  if (!body) co_return respond(body.error());
  const RestView view = sources_.view();
  auto order = read_switchover(*body, action, view);
  if (!order) co_return respond(order.error());
  if (!order->scheduled_at) {
    auto members = candidates_for(*order, view);
    if (!members) co_return respond(members.error());
    auto good = co_await sources_.operations.good_candidates(*std::move(members));
    if (good.empty()) co_return text_response(412, no_good_candidates_text(*order));
  }
  auto answer = co_await sources_.operations.switchover(*std::move(order));
  co_return respond(std::move(answer));
}

awaitable<http::Response> RestApi::run_restart(http::Request request) {
  auto body = read_body(request, Body::optional);
  if (!body) co_return respond(body.error());
  auto order = read_restart(*body, sources_.view());
  if (!order) co_return respond(order.error());
  auto answer = co_await sources_.operations.restart(*std::move(order));
  co_return respond(std::move(answer));
}

awaitable<http::Response> RestApi::run_reinitialize(http::Request request) {
  auto body = read_body(request, Body::optional);
  if (!body) co_return respond(body.error());
  auto order = read_reinitialize(*body);
  auto answer = co_await sources_.operations.reinitialize(order);
  co_return respond(std::move(answer));
}

awaitable<http::Response> RestApi::run_failsafe(http::Request request) {
  const bool is_enabled = sources_.view().failsafe_enabled;
  if (!is_enabled) co_return text_response(502, "Failsafe mode is not enabled");
  auto body = read_body(request, Body::required);
  if (!body) co_return respond(body.error());
  auto announcement = read_failsafe(*body);
  if (!announcement) co_return respond(announcement.error());
  auto answer = co_await sources_.operations.failsafe(*std::move(announcement));
  co_return respond(std::move(answer));
}

}  // namespace holdfast::agent::rest
