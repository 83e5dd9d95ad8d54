#include "heartbeat/message.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <type_traits>
#include <utility>

namespace holdfast::heartbeat {

namespace json = boost::json;

namespace {

constexpr std::array<std::pair<Role, std::string_view>, 7> role_words{{
    {Role::unknown, "unknown"},
    {Role::uninitialized, "uninitialized"},
    {Role::replica, "replica"},
    {Role::primary, "primary"},
    {Role::standby_leader, "standby_leader"},
    {Role::demoted, "demoted"},
    {Role::promoted, "promoted"},
}};

// Texts are for people and may come from PostgreSQL: cut so that a line keeps its limit even if every byte of
// every text is escaped as \u00xx.
constexpr std::size_t text_bytes_max = 100;
constexpr std::size_t why_bytes_max = 300;

std::string cut(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;  // never inside a character
  return text.substr(0, end);
}

json::object print_tags(const Tags& tags) {
  json::object out;
  if (tags.noloadbalance) out["noloadbalance"] = true;
  if (tags.nofailover) out["nofailover"] = true;
  if (tags.nosync) out["nosync"] = true;
  if (tags.clonefrom) out["clonefrom"] = true;
  if (tags.failover_priority != 1) out["failover_priority"] = tags.failover_priority;
  if (tags.sync_priority != 1) out["sync_priority"] = tags.sync_priority;
  if (!tags.replicatefrom.empty()) out["replicatefrom"] = cut(tags.replicatefrom, text_bytes_max);
  return out;
}

// Reads the fields of one object; the first that is of the wrong type or out of range is remembered as the
// failure.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_{object} {}

  void read(std::string_view key, std::string& into) {
    const json::value* value = find(key);
    if (!value) return;
    if (!value->is_string()) return fail_at(key);
    into = std::string{value->get_string()};
  }
  void read(std::string_view key, bool& into) {
    const json::value* value = find(key);
    if (!value) return;
    if (!value->is_bool()) return fail_at(key);
    into = value->get_bool();
  }
  template <class Integer>
    requires std::is_integral_v<Integer>
  void read(std::string_view key, Integer& into) {
    const json::value* value = find(key);
    if (!value) return;
    json::error_code error;
    const auto number = value->to_number<Integer>(error);
    if (error || value->is_double()) return fail_at(key);
    into = number;
  }
  void read(std::string_view key, Lsn& into) {
    std::string text;
    read(key, text);
    if (text.empty()) return;
    auto lsn = parse_lsn(text);
    if (!lsn) return fail_at(key);
    into = *lsn;
  }
  void read(std::string_view key, milliseconds& into) {
    std::int64_t count = into.count();
    read(key, count);
    // A day bounds every duration here; more would overflow the reader's arithmetic of instants.
    if (count < 0 || count > milliseconds{24h}.count()) return fail_at(key);
    into = milliseconds{count};
  }
  void read(std::string_view key, std::optional<milliseconds>& into) {
    if (!find(key)) return;
    milliseconds value{0};
    read(key, value);
    into = value;
  }
  const json::object* object(std::string_view key) {
    const json::value* value = find(key);
    if (!value) return nullptr;
    if (!value->is_object()) fail_at(key);
    return value->if_object();
  }

  const std::string& failed() const { return failed_; }
  void fail_at(std::string_view key) {
    if (failed_.empty()) failed_ = key;
  }

 private:
  const json::value* find(std::string_view key) const { return object_.if_contains(key); }

  const json::object& object_;
  std::string failed_;
};

void read_tags(Fields& fields, Tags& tags) {
  const json::object* object = fields.object("tags");
  if (!object) return;
  Fields inner{*object};
  inner.read("noloadbalance", tags.noloadbalance);
  inner.read("nofailover", tags.nofailover);
  inner.read("nosync", tags.nosync);
  inner.read("clonefrom", tags.clonefrom);
  inner.read("failover_priority", tags.failover_priority);
  inner.read("sync_priority", tags.sync_priority);
  inner.read("replicatefrom", tags.replicatefrom);
  if (!inner.failed().empty()) fields.fail_at("tags." + inner.failed());
}

void read_identity(Fields& fields, Heartbeat& heartbeat) {
  fields.read("member", heartbeat.member);
  fields.read("scope", heartbeat.scope);
  fields.read("system_id", heartbeat.system_id);
  fields.read("version", heartbeat.version);
  fields.read("sequence", heartbeat.sequence);
  fields.read("nonce", heartbeat.nonce);
  fields.read("host", heartbeat.host);
  fields.read("port", heartbeat.port);
}

void read_leadership(Fields& fields, Heartbeat& heartbeat) {
  fields.read("epoch", heartbeat.epoch.value);
  fields.read("lease_remaining_ms", heartbeat.lease_remaining);
  fields.read("leader", heartbeat.leader_hint);
  fields.read("draining", heartbeat.draining);
  fields.read("sync_standby", heartbeat.sync_standby);
  fields.read("pause", heartbeat.pause);
  if (heartbeat.epoch.value < 0) fields.fail_at("epoch");
}

void read_server(Fields& fields, Heartbeat& heartbeat) {
  std::string role;
  fields.read("role", role);
  heartbeat.role = role_of(role);
  fields.read("state", heartbeat.state);
  fields.read("running", heartbeat.running);
  fields.read("why", heartbeat.why);
  fields.read("timeline", heartbeat.timeline);
  fields.read("write_lsn", heartbeat.write_lsn);
  fields.read("receive_lsn", heartbeat.receive_lsn);
  fields.read("replay_lsn", heartbeat.replay_lsn);
  fields.read("replication_state", heartbeat.replication_state);
  fields.read("settled_at", heartbeat.settled_at);
  fields.read("replay_lag_ms", heartbeat.replay_lag);
  read_tags(fields, heartbeat.tags);
}

Result<json::object> parse_object(std::string_view line, const char* what) {
  if (line.size() > line_bytes_max) return fail(Errc::too_large, std::string{what} + " line");
  json::parse_options options;
  options.max_depth = 8;
  json::error_code error;
  auto value = json::parse(line, error, {}, options);
  if (error) return fail(Errc::bad_message, std::string{what} + ": " + error.message());
  if (!value.is_object()) return fail(Errc::bad_message, std::string{what} + ": not an object");
  return std::move(value.get_object());
}

void print_lsn_field(json::object& out, std::string_view key, Lsn lsn) {
  if (lsn) out[key] = print_lsn(lsn);
}

void print_text(json::object& out, std::string_view key, const std::string& text, std::size_t bytes_max) {
  if (!text.empty()) out[key] = cut(text, bytes_max);
}

void print_identity(json::object& out, const Heartbeat& heartbeat) {
  out["member"] = cut(heartbeat.member, text_bytes_max);
  out["scope"] = cut(heartbeat.scope, text_bytes_max);
  print_text(out, "system_id", heartbeat.system_id, text_bytes_max);
  print_text(out, "version", heartbeat.version, text_bytes_max);
  out["sequence"] = heartbeat.sequence;
  out["nonce"] = heartbeat.nonce;
  print_text(out, "host", heartbeat.host, text_bytes_max);
  if (heartbeat.port != 0) out["port"] = heartbeat.port;
}

void print_leadership(json::object& out, const Heartbeat& heartbeat) {
  if (heartbeat.epoch) out["epoch"] = heartbeat.epoch.value;
  if (heartbeat.lease_remaining.count() > 0) out["lease_remaining_ms"] = heartbeat.lease_remaining.count();
  print_text(out, "leader", heartbeat.leader_hint, text_bytes_max);
  if (heartbeat.draining) out["draining"] = true;
  if (heartbeat.sync_standby) out["sync_standby"] = true;
  if (heartbeat.pause) out["pause"] = true;
}

void print_server(json::object& out, const Heartbeat& heartbeat) {
  out["role"] = to_string(heartbeat.role);
  out["state"] = cut(heartbeat.state, text_bytes_max);
  out["running"] = heartbeat.running;
  print_text(out, "why", heartbeat.why, why_bytes_max);
  if (heartbeat.timeline != 0) out["timeline"] = heartbeat.timeline;
  print_lsn_field(out, "write_lsn", heartbeat.write_lsn);
  print_lsn_field(out, "receive_lsn", heartbeat.receive_lsn);
  print_lsn_field(out, "replay_lsn", heartbeat.replay_lsn);
  if (heartbeat.settled_at != 0) out["settled_at"] = heartbeat.settled_at;
  print_text(out, "replication_state", heartbeat.replication_state, text_bytes_max);
  if (heartbeat.replay_lag) out["replay_lag_ms"] = heartbeat.replay_lag->count();
  auto tags = print_tags(heartbeat.tags);
  if (!tags.empty()) out["tags"] = std::move(tags);
}

}  // namespace

std::string_view to_string(Role role) {
  for (const auto& [value, word] : role_words)
    if (value == role) return word;
  return "unknown";
}

Role role_of(std::string_view word) {
  if (word == "master") return Role::primary;
  for (const auto& [value, name] : role_words)
    if (name == word) return value;
  return Role::unknown;
}

std::string print_heartbeat(const Heartbeat& heartbeat) {
  json::object out;
  print_identity(out, heartbeat);
  print_leadership(out, heartbeat);
  print_server(out, heartbeat);
  return json::serialize(out) + '\n';
}

Result<Heartbeat> parse_heartbeat(std::string_view line) {
  auto object = parse_object(line, "heartbeat");
  if (!object) return tl::unexpected<Error>{object.error()};
  Fields fields{*object};
  Heartbeat heartbeat;
  read_identity(fields, heartbeat);
  read_leadership(fields, heartbeat);
  read_server(fields, heartbeat);
  if (!fields.failed().empty()) return fail(Errc::bad_message, "heartbeat: field " + fields.failed());
  if (heartbeat.member.empty()) return fail(Errc::bad_message, "heartbeat: no member");
  return heartbeat;
}

std::string print_question(std::uint64_t nonce) {
  return "{\"nonce\":" + std::to_string(nonce) + "}\n";
}

Result<std::uint64_t> parse_question(std::string_view line) {
  auto object = parse_object(line, "heartbeat question");
  if (!object) return tl::unexpected<Error>{object.error()};
  std::uint64_t nonce = 0;
  Fields fields{*object};
  fields.read("nonce", nonce);
  if (!fields.failed().empty() || nonce == 0) return fail(Errc::bad_message, "heartbeat question: no nonce");
  return nonce;
}

Result<std::optional<std::string>> take_line(std::string& input) {
  const auto end = input.find('\n');
  const auto length = end == std::string::npos ? input.size() : end + 1;
  if (length > line_bytes_max) return fail(Errc::too_large, "line of " + std::to_string(length) + " bytes");
  if (end == std::string::npos) return std::nullopt;
  std::string line = input.substr(0, end);
  input.erase(0, end + 1);
  return line;
}

}  // namespace holdfast::heartbeat
