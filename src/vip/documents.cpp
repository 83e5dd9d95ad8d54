#include "vip/documents.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>

#include "vip/settings.hpp"

namespace holdfast::vip {
namespace {

namespace json = boost::json;

std::string print_wall(WallInstant at) {
  const auto whole = std::chrono::time_point_cast<std::chrono::seconds>(at);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     (at - whole).count());
}

// A moment of the boot clock on the wall.
WallInstant wall_of(BootInstant at) {
  return wall_now() - std::chrono::duration_cast<milliseconds>(BootClock::now() - at);
}

std::int64_t milliseconds_since(BootInstant at) {
  return std::chrono::duration_cast<milliseconds>(BootClock::now() - at).count();
}

json::object statistics_of(const Statistics& counted) {
  return {{"advert_rcvd", counted.advert_rcvd},
          {"advert_sent", counted.advert_sent},
          {"become_master", counted.become_master},
          {"release_master", counted.release_master},
          {"packet_len_err", counted.packet_len_err},
          {"advert_interval_err", counted.advert_interval_err},
          {"ip_ttl_err", counted.ip_ttl_err},
          {"invalid_type_rcvd", counted.invalid_type_rcvd},
          {"addr_list_err", counted.addr_list_err},
          {"invalid_authtype", counted.invalid_authtype},
          {"authtype_mismatch", counted.authtype_mismatch},
          {"auth_failure", counted.auth_failure},
          {"pri_zero_rcvd", counted.pri_zero_rcvd},
          {"pri_zero_sent", counted.pri_zero_sent},
          {"chk_err", counted.chk_err},
          {"vers_err", counted.vers_err}};
}

json::object own_statistics_of(const Statistics& counted) {
  auto all = statistics_of(counted);
  all["stranger_rcvd"] = counted.stranger_rcvd;
  all["gratuitous_sent"] = counted.gratuitous_sent;
  all["address_conflicts"] = counted.address_conflicts;
  all["two_masters"] = counted.two_masters;
  return all;
}

json::array addresses_in(const std::vector<config::VirtualAddress>& addresses) {
  json::array list;
  for (const auto& each : addresses) list.emplace_back(to_string(each.prefix));
  return list;
}

json::array tracked_in(const std::vector<vrrp::Tracked>& tracked) {
  json::array list;
  for (const auto& each : tracked) {
    json::object item{{"name", each.name}, {"weight", each.weight}, {"why", each.why}};
    if (each.is_up) item["up"] = *each.is_up;
    if (each.is_file) item["value"] = each.file_value;
    list.emplace_back(std::move(item));
  }
  return list;
}

json::object instance_in(const Speaker::Row& row) {
  const auto& config = row.instance->config();
  const auto& view = *row.view;
  json::object item{{"name", config.name},
                    {"state", to_string(view.state)},
                    {"since", print_wall(wall_of(view.since))},
                    {"since_ms", milliseconds_since(view.since)},
                    {"reason", view.reason},
                    {"priority", view.priority},
                    {"base_priority", config.priority},
                    {"priority_why", view.standing.why},
                    {"is_sick", view.standing.is_sick},
                    {"holds_addresses", row.instance->has_address()},
                    {"addresses", addresses_in(addresses_of(config))},
                    {"interface", row.instance->interface()},
                    {"source", to_string(row.instance->source())},
                    {"virtual_router_id", config.virtual_router_id},
                    {"version", config.version},
                    {"advert_int_ms", config.advert_int.count()},
                    {"ownership", config.ownership == config::Ownership::lease ? "lease" : "vrrp"},
                    {"tracked", tracked_in(row.tracked)},
                    {"statistics", own_statistics_of(row.instance->statistics())}};
  if (view.master) {
    item["last_advert"] = json::object{{"from", to_string(view.master->source)},
                                       {"priority", view.master->priority},
                                       {"ago_ms", milliseconds_since(view.heard_at)}};
  }
  if (config.ownership == config::Ownership::lease) {
    item["claimed"] = view.is_claimed;
    if (view.is_claimed) item["claim_left_ms"] = -milliseconds_since(view.claim_until);
  }
  return item;
}

json::array transitions_in(const Speaker& speaker) {
  json::array list;
  for (const auto& passage : speaker.passages()) {
    list.emplace_back(json::object{{"at", print_wall(passage.at)},
                                   {"instance", passage.instance},
                                   {"from", to_string(passage.transition.from)},
                                   {"to", to_string(passage.transition.to)},
                                   {"reason", passage.transition.reason},
                                   {"priority", passage.priority}});
  }
  return list;
}

// keepalived's data.json of one instance; what we have no word for is left out.
json::object keepalived_data(const Speaker::Row& row) {
  const auto& config = row.instance->config();
  const auto options = row.instance->router_options();
  const auto& view = *row.view;
  const auto seconds_of = [](milliseconds span) { return static_cast<double>(span.count()) / 1000; };
  return {{"iname", config.name},
          {"dont_track_primary", config.dont_track_primary ? 1 : 0},
          {"strict_mode", config.strict_mode ? 1 : 0},
          {"vmac_ifname", config.use_vmac ? vmac_name_of(config) : ""},
          {"ifp_ifname", row.instance->interface()},
          {"master_priority", view.master ? view.master->priority : 0},
          {"last_transition", seconds_of(wall_of(view.since).time_since_epoch())},
          {"garp_delay", seconds_of(options.garp_master_delay)},
          {"garp_refresh", seconds_of(options.garp_master_refresh)},
          {"garp_rep", options.garp_master_repeat},
          {"garp_refresh_rep", options.garp_master_refresh_repeat},
          {"garp_lower_prio_delay", seconds_of(options.garp_lower_prio_delay)},
          {"garp_lower_prio_rep", options.garp_lower_prio_repeat},
          {"lower_prio_no_advert", options.lower_prio_no_advert ? 1 : 0},
          {"higher_prio_send_advert", options.higher_prio_send_advert ? 1 : 0},
          {"vrid", config.virtual_router_id},
          {"base_priority", config.priority},
          {"effective_priority", view.priority},
          {"vipset", row.instance->has_address()},
          {"vips", addresses_in(config.virtual_ipaddress)},
          {"evips", addresses_in(config.virtual_ipaddress_excluded)},
          {"adver_int", seconds_of(config.advert_int)},
          {"master_adver_int", seconds_of(view.master_advert_int)},
          {"accept", config.accept ? 1 : 0},
          {"nopreempt", config.nopreempt},
          {"preempt_delay", seconds_of(config.preempt_delay)},
          {"state", static_cast<int>(view.state)},
          {"wantstate", static_cast<int>(view.state)},
          {"version", config.version},
          {"auth_type", config.authentication.auth_type == config::AuthType::pass ? 1 : 0}};
}

}  // namespace

std::string print_document(const Speaker& speaker) {
  json::array instances;
  for (const auto& row : speaker.rows()) instances.emplace_back(instance_in(row));
  json::array groups;
  for (const auto& group : speaker.ensemble().groups())
    groups.emplace_back(
        json::object{{"name", group.name}, {"state", to_string(speaker.ensemble().state_of(group))}});
  json::object document{{"scope", speaker.config().scope},
                        {"name", speaker.config().name},
                        {"instances", std::move(instances)},
                        {"groups", std::move(groups)},
                        {"transitions", transitions_in(speaker)}};
  if (const auto& proxy = speaker.proxy())
    document["proxy"] = json::object{{"is_well", proxy->is_well}, {"why", proxy->why}};
  return json::serialize(document);
}

std::string print_keepalived_json(const Speaker& speaker) {
  json::array list;
  for (const auto& row : speaker.rows()) {
    list.emplace_back(
        json::object{{"data", keepalived_data(row)}, {"stats", statistics_of(row.instance->statistics())}});
  }
  return json::serialize(list);
}

http::Response answer(const http::Request& request, const Speaker& speaker) {
  if (request.method != "GET" && request.method != "HEAD")
    return {.status = 405, .headers = {}, .body = "only GET is served here\n", .content_type = "text/plain"};
  if (request.path == "/metrics")
    return {.headers = {}, .body = print_metrics(speaker), .content_type = "text/plain; version=0.0.4"};
  if (request.path == "/vip") return {.headers = {}, .body = print_document(speaker)};
  if (request.path == "/keepalived.json") return {.headers = {}, .body = print_keepalived_json(speaker)};
  if (request.path == "/health") return {.headers = {}, .body = "ok\n", .content_type = "text/plain"};
  return {.status = 404,
          .headers = {},
          .body = "not here: /vip, /metrics, /keepalived.json and /health are\n",
          .content_type = "text/plain"};
}

}  // namespace holdfast::vip
