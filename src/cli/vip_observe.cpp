#include "cli/vip_observe.hpp"

#include <algorithm>

#include "base/duration.hpp"
#include "cli/ask.hpp"
#include "cli/json_fields.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

std::optional<WallInstant> wall_at(const json::object& object, std::string_view key) {
  const auto when = parse_iso(text_at(object, key));
  return when ? std::optional{*when} : std::nullopt;
}

std::vector<std::string> down_in(const json::object& router) {
  std::vector<std::string> down;
  for (const auto& tracked : objects_at(router, "tracked")) {
    if (truth_at(tracked, "up")) continue;
    const auto why = text_at(tracked, "why");
    const std::string unknown = tracked.contains("up") ? "" : ": not known yet";
    down.push_back(text_at(tracked, "name") + (why.empty() ? unknown : ": " + why));
  }
  return down;
}

VipRouter router_of(const json::object& object) {
  VipRouter router{.name = text_at(object, "name"),
                   .id = number_at(object, "virtual_router_id"),
                   .state = text_at(object, "state"),
                   .since = wall_at(object, "since"),
                   .reason = text_at(object, "reason"),
                   .priority = number_at(object, "priority"),
                   .base_priority = number_at(object, "base_priority"),
                   .priority_why = text_at(object, "priority_why"),
                   .is_sick = truth_at(object, "is_sick"),
                   .holds = truth_at(object, "holds_addresses"),
                   .addresses = texts_at(object, "addresses"),
                   .interface = text_at(object, "interface"),
                   .advert_int = milliseconds{number_at(object, "advert_int_ms")},
                   .is_leased = text_at(object, "ownership") == "lease",
                   .down = down_in(object)};
  if (const auto* heard = object.if_contains("last_advert"); heard != nullptr && heard->is_object()) {
    const auto& advert = heard->as_object();
    router.heard = VipAdvert{.from = text_at(advert, "from"),
                             .priority = number_at(advert, "priority"),
                             .ago = milliseconds{number_at(advert, "ago_ms")}};
  }
  return router;
}

VipPassage passage_of(const json::object& object, const std::string& host) {
  return {.at = wall_at(object, "at").value_or(WallInstant{}),
          .host = host,
          .router = text_at(object, "instance"),
          .from = text_at(object, "from"),
          .to = text_at(object, "to"),
          .reason = text_at(object, "reason")};
}

}  // namespace

std::vector<VipHost> vip_hosts_of(const config::Config& config) {
  std::vector<VipHost> hosts;
  for (const auto& node : config.nodes) {
    if (node.has(config::Role::vip))
      hosts.push_back(
          {.name = node.name, .address = node.host, .url = stats_url(node.host, node.ports.vip, "/vip")});
  }
  const auto& own = config.vip.stats.listen;
  if (config.nodes.empty() && config.has(config::Role::vip) && own)
    hosts.push_back({.name = config.name, .address = own.host, .url = stats_url(own.host, own.port, "/vip")});
  return hosts;
}

void add_answer(VipHost& host, const Result<http::Response>& answer) {
  const auto document = document_of(answer, host.silence);
  // Whom we asked is known from the row.
  if (host.silence.starts_with(host.url + ": ")) host.silence.erase(0, host.url.size() + 2);
  if (!document) return;
  host.answers = true;
  for (const auto& router : objects_at(*document, "instances")) host.routers.push_back(router_of(router));
  for (const auto& passage : objects_at(*document, "transitions"))
    host.passages.push_back(passage_of(passage, host.name));
}

}  // namespace holdfast::cli
