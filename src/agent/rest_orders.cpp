#include "agent/rest_orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/duration.hpp"

namespace holdfast::agent::rest {

namespace json = boost::json;

namespace {

tl::unexpected<Answer> refuse_with(int status, std::string text) {
  return tl::unexpected<Answer>{Answer{.status = status, .text = std::move(text)}};
}

const char* action_of(const SwitchoverOrder& order) {
  return order.is_failover() ? "failover" : "switchover";
}

// "failover" -> "Failover"
std::string title_of(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

// "switchover" -> "switch", "failover" -> "fail"
std::string stem_of(const SwitchoverOrder& order) {
  return order.is_failover() ? "fail" : "switch";
}

// What Python's `if value` takes for nothing.
bool is_nothing(const json::value* value) {
  if (!value || value->is_null()) return true;
  if (const auto* text = value->if_string()) return text->empty();
  return value->is_bool() && !value->get_bool();
}

Checked<std::string> text_at(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  if (is_nothing(value)) return std::string{};
  if (!value->is_string()) return refuse_with(400, fmt::format("'{}' should be a string", key));
  return std::string{value->get_string()};
}

// patroni.utils.parse_bool
bool flag_at(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  if (!value) return false;
  if (const auto* flag = value->if_bool()) return *flag;
  if (const auto* number = value->if_int64()) return *number == 1;
  if (!value->is_string()) return false;
  std::string text{value->get_string()};
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text == "on" || text == "true" || text == "yes" || text == "1";
}

Checked<WallInstant> read_schedule(const std::string& text, const std::string& action, WallInstant now) {
  auto when = parse_iso(text);
  if (!when && parse_iso(text + "+00:00")) {
    return refuse_with(400, "Timezone information is mandatory for the scheduled " + action);
  }
  if (!when) {
    return refuse_with(
        422, "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601");
  }
  if (*when < now) return refuse_with(422, "Cannot schedule " + action + " in the past");
  return *when;
}

// What is wrong with a version, in the words of Patroni's postgres_version_to_int; empty: nothing.
std::string objection_to_version(const std::string& text) {
  std::vector<int> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find('.', start), text.size());
    int part = 0;
    const auto [stopped, error] = std::from_chars(text.data() + start, text.data() + end, part);
    if (error != std::errc{} || stopped != text.data() + end) return "Invalid PostgreSQL version: " + text;
    parts.push_back(part);
    start = end + 1;
  }
  const bool is_new_style = parts.size() == 2 && parts[0] >= 10;
  if (is_new_style || parts.size() == 3) return {};
  return "Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: " + text;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : dcs::print_json(value);
}

// One key of a restart request into `order`; the refusal, or nothing.
std::optional<Answer> read_restart_field(const std::string& key, const json::value& value,
                                         const RestView& view, RestartOrder& order) {
  if (key == "schedule") {
    auto when = read_schedule(text_of(value), "restart", view.now);
    if (!when) return when.error();
    order.schedule = *when;
  } else if (key == "role") {
    order.role = text_of(value);
    if (order.role == "master") order.role = "primary";  // as before Patroni 4
    if (order.role != "primary" && order.role != "standby_leader" && order.role != "replica") {
      return Answer{400, "PostgreSQL role should be either primary, standby_leader, or replica", {}};
    }
  } else if (key == "postgres_version") {
    order.postgres_version = text_of(value);
    const std::string objection = objection_to_version(order.postgres_version);
    if (!objection.empty()) return Answer{400, objection, {}};
  } else if (key == "timeout") {
    auto timeout = parse_duration(text_of(value), seconds{1});
    if (!timeout || *timeout <= 0ms) return Answer{400, "Timeout should be a positive number of seconds", {}};
    order.timeout = *timeout;
  } else if (key == "restart_pending") {
    order.restart_pending = !is_nothing(&value);
  } else {
    return Answer{400, "Unknown filter for the scheduled restart: " + key, {}};
  }
  if (key != "schedule") order.filters[key] = value;
  return std::nullopt;
}

// What is wrong with the order whatever the cluster looks like; empty: nothing.
std::string objection_to(const SwitchoverOrder& order, const std::string& action, bool is_scheduled,
                         const RestView& view) {
  if (action == "failover" && order.candidate.empty())
    return "Failover could be performed only to a specific candidate";
  if (action == "switchover" && order.leader.empty())
    return "Switchover could be performed only from a specific leader";
  if (is_scheduled && action == "failover") return "Failover can't be scheduled";
  if (is_scheduled && view.pause) return "Can't schedule switchover in the paused state";
  return {};
}

bool is_in_sync(const dcs::Cluster& cluster, const std::string& name) {
  if (!cluster.sync) return false;
  const auto& standbys = cluster.sync->standbys;
  return std::find(standbys.begin(), standbys.end(), name) != standbys.end();
}

// A member of /sync that isn't the leader of this moment.
std::vector<std::string> synchronous_members(const dcs::Cluster& cluster) {
  std::vector<std::string> names;
  for (const auto& member : cluster.members) {
    const bool leads = cluster.leader && cluster.leader->name == member.name;
    if (!leads && is_in_sync(cluster, member.name)) names.push_back(member.name);
  }
  return names;
}

std::vector<std::string> other_members(const dcs::Cluster& cluster) {
  std::vector<std::string> names;
  for (const auto& member : cluster.members) {
    const bool leads = cluster.leader && cluster.leader->name == member.name;
    if (!leads && !member.api_url.empty()) names.push_back(member.name);
  }
  return names;
}

}  // namespace

Checked<json::object> read_body(const http::Request& request, Body body) {
  if (request.body.empty() && body == Body::optional) return json::object{};
  if (request.body.empty() && !request.headers.find("Content-Length"))
    return refuse_with(411, "Length Required");
  auto object = dcs::parse_json_object(request.body);
  if (!object || (object->empty() && body == Body::required)) return refuse_with(400, "Bad Request");
  return *std::move(object);
}

Checked<SwitchoverOrder> read_switchover(const json::object& body, const std::string& action,
                                         const RestView& view) {
  SwitchoverOrder order;
  auto leader = text_at(body, "leader");
  auto candidate = text_at(body, is_nothing(body.if_contains("candidate")) ? "member" : "candidate");
  auto schedule = text_at(body, "scheduled_at");
  for (const auto* field : {&leader, &candidate, &schedule}) {
    if (!*field) return tl::unexpected<Answer>{field->error()};
  }
  order.leader = *leader;
  order.candidate = *candidate;
  const std::string objection = objection_to(order, action, !schedule->empty(), view);
  if (!objection.empty()) return refuse_with(400, objection);
  if (!schedule->empty()) {
    auto when = read_schedule(*schedule, action, view.now);
    if (!when) return tl::unexpected<Answer>{when.error()};
    order.scheduled_at = *when;
  }
  if (view.pause && order.candidate.empty()) {
    return refuse_with(400, "Switchover is possible only to a specific candidate in a paused state");
  }
  if (order.leader == order.candidate) return refuse_with(400, "Switchover target and source are the same");
  return order;
}

Checked<RestartOrder> read_restart(const json::object& body, const RestView& view) {
  if (view.pause && body.contains("schedule"))
    return refuse_with(500, "Can't schedule restart in the paused state");
  RestartOrder order;
  for (const auto& [key, value] : body) {
    auto refusal = read_restart_field(std::string{key}, value, view, order);
    if (refusal) return tl::unexpected<Answer>{*std::move(refusal)};
  }
  return order;
}

ReinitializeOrder read_reinitialize(const json::object& body) {
  // Patroni's documentation spells `from-leader`, its code reads `from_leader`.
  return {.force = flag_at(body, "force"),
          .from_leader = flag_at(body, "from_leader") || flag_at(body, "from-leader")};
}

Checked<FailsafeAnnouncement> read_failsafe(const json::object& body) {
  auto name = text_at(body, "name");
  auto conn_url = text_at(body, "conn_url");
  auto api_url = text_at(body, "api_url");
  for (const auto* field : {&name, &conn_url, &api_url}) {
    if (!*field) return tl::unexpected<Answer>{field->error()};
  }
  FailsafeAnnouncement announcement{.name = *name, .conn_url = *conn_url, .api_url = *api_url, .slots = {}};
  if (announcement.name.empty()) return refuse_with(400, "'name' is missing");
  const json::value* slots = body.if_contains("slots");
  if (!slots || !slots->is_object()) return announcement;
  for (const auto& [slot, position] : slots->get_object()) {
    if (position.is_int64() && position.get_int64() >= 0) {
      announcement.slots[slot] = Lsn{static_cast<std::uint64_t>(position.get_int64())};
    }
  }
  return announcement;
}

Checked<std::vector<std::string>> candidates_for(const SwitchoverOrder& order, const RestView& view) {
  if (!view.cluster) return refuse_with(503, "DCS is not accessible");
  const dcs::Cluster& cluster = *view.cluster;
  const bool must_be_sync = view.synchronous_mode == SynchronousMode::on;
  if (!order.leader.empty() && (!cluster.leader || cluster.leader->name != order.leader)) {
    return refuse_with(412, "leader name does not match");
  }
  if (!order.candidate.empty()) {
    if (!order.is_failover() && must_be_sync && !is_in_sync(cluster, order.candidate)) {
      return refuse_with(412, "candidate name does not match with sync_standby");
    }
    if (!cluster.member(order.candidate)) return refuse_with(412, "candidate does not exists");
    return std::vector<std::string>{order.candidate};
  }
  auto names = must_be_sync ? synchronous_members(cluster) : other_members(cluster);
  if (!names.empty()) return names;
  const char* why =
      must_be_sync ? "can not find sync_standby" : "cluster does not have members except leader";
  return refuse_with(412, fmt::format("{} is not possible: {}", action_of(order), why));
}

std::string no_good_candidates_text(const SwitchoverOrder& order) {
  return std::string{action_of(order)} + " is not possible: no good candidates have been found";
}

std::string switchover_done_text(const SwitchoverOrder& order, const std::string& new_leader) {
  const std::string stem = stem_of(order);
  if (order.candidate.empty() || order.candidate == new_leader) {
    return fmt::format("Successfully {}ed over to \"{}\"", stem, new_leader);
  }
  return fmt::format("{}ed over to \"{}\" instead of \"{}\"", title_of(stem), new_leader, order.candidate);
}

std::string switchover_scheduled_text(const SwitchoverOrder& order) {
  return title_of(action_of(order)) + " scheduled";
}
std::string switchover_failed_text(const SwitchoverOrder& order) {
  return title_of(action_of(order)) + " failed";
}
std::string switchover_unknown_text(const SwitchoverOrder& order) {
  return title_of(action_of(order)) + " status unknown";
}

}  // namespace holdfast::agent::rest
