#include "agent/rest_documents.hpp"

#include "agent/rest_health.hpp"
#include "agent/rest_metrics.hpp"
#include "agent/rest_status.hpp"

namespace holdfast::agent::rest {

namespace json = boost::json;

namespace {

http::Response json_response(int status, const json::value& document) {
  http::Response response;
  response.status = status;
  response.body = print_document(document);
  return response;
}

http::Response status_only(int status) {
  http::Response response;
  response.status = status;
  return response;
}

const dcs::Cluster* known_cluster(const RestView& view) {
  return view.cluster ? view.cluster.get() : view.remembered.get();
}

http::Response config_response(const RestView& view) {
  const dcs::Cluster* cluster = known_cluster(view);
  if (!cluster || !cluster->config) return text_response(502, "No configuration in the DCS");
  return json_response(200, cluster->config->value);
}

http::Response failsafe_response(const RestView& view) {
  const dcs::Cluster* cluster = known_cluster(view);
  if (!view.failsafe_enabled || !cluster || !cluster->failsafe) {
    return text_response(502, "Failsafe mode is not enabled");
  }
  json::object members;
  for (const auto& [name, url] : *cluster->failsafe) members[name] = url;
  return json_response(200, members);
}

http::Response answer_get(const RestView& view, const http::Request& request,
                          const std::string& own_metrics) {
  const std::string_view segment = segment_of(request.path);
  if (segment == "patroni") return json_response(200, status_document(view));
  if (segment == "cluster") return json_response(200, cluster_document(view));
  if (segment == "history") return json_response(200, history_document(view));
  if (segment == "config") return config_response(view);
  if (segment == "failsafe") return failsafe_response(view);
  if (segment == "liveness") return status_only(liveness_status(view));
  if (segment == "readiness")
    return status_only(obstacle_to_readiness(view, request.query).empty() ? 200 : 503);
  if (segment == "metrics") {
    auto response = text_response(200, print_patroni_metrics(view) + own_metrics);
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  }
  return json_response(health_status(view, request.path, request.query), status_document(view));
}

}  // namespace

std::string_view segment_of(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

http::Response text_response(int status, std::string text) {
  http::Response response;
  response.status = status;
  response.body = std::move(text);
  // Patroni says text/html; texts may repeat what the client sent, so ours can't be taken for a page.
  response.content_type = "text/plain";
  return response;
}

http::Response answer_safe(const RestView& view, const http::Request& request,
                           const std::string& own_metrics) {
  auto response = answer_get(view, request, own_metrics);
  if (request.method != "GET") response.body.clear();
  return response;
}

}  // namespace holdfast::agent::rest
