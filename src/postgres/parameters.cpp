#include <algorithm>
#include <array>
#include <charconv>

#include "postgres/config_files.hpp"

namespace holdfast::postgres {
namespace {

// Patroni 1.1.2: default and least value of what must agree over the cluster.
struct Number {
  const char* name;
  int usual;
  int least;
  int ControlData::* recorded =
      nullptr;  // a standby refuses to start with less than this (PostgreSQL docs 27.4.3)
};
constexpr std::array numbers{
    Number{"max_connections", 100, 25, &ControlData::max_connections},
    Number{"max_locks_per_transaction", 64, 32, &ControlData::max_locks_per_transaction},
    Number{"max_worker_processes", 8, 2, &ControlData::max_worker_processes},
    Number{"max_prepared_transactions", 0, 0, &ControlData::max_prepared_transactions},
    Number{"max_wal_senders", 10, 3, &ControlData::max_wal_senders},
    Number{"max_replication_slots", 10, 4},
};

// Not the user's to set: the command line has them, or they are how we steer replication.
constexpr std::array ours{
    "listen_addresses",
    "port",
    "cluster_name",
    "hot_standby",
    "wal_level",
    "track_commit_timestamp",
    "wal_log_hints",
    "config_file",
    "hba_file",
    "ident_file",
    "data_directory",
    "external_pid_file",
    "synchronous_standby_names",
    "primary_conninfo",
    "primary_slot_name",
    "recovery_target",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_xid",
    "recovery_target_lsn",
    "recovery_target_inclusive",
    "recovery_target_timeline",
    "recovery_target_action",
    "promote_trigger_file",
    "unix_socket_directories",
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::optional<int> integer(const std::string& text) {
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

bool is_true(const std::string& text) {
  return text == "on" || text == "true" || text == "yes" || text == "1";
}

std::string find_or(const Parameters& parameters, const std::string& name, const std::string& otherwise) {
  for (const auto& [key, value] : parameters) {
    if (lower(key) == name) return value;
  }
  return otherwise;
}

std::string number_for(Controlled& controlled, const Number& number, const Parameters& configured,
                       const ControlData* control) {
  const auto wanted = integer(find_or(configured, number.name, "")).value_or(number.usual);
  const int allowed = std::max(wanted, number.least);
  if (control == nullptr || number.recorded == nullptr || control->*number.recorded <= allowed) {
    return std::to_string(allowed);
  }
  controlled.held_back.emplace_back(number.name);
  return std::to_string(control->*number.recorded);
}

// A name that could carry anything into the file but a name is refused by shape alone.
bool is_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '$';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

bool is_known(const std::string& name, Version version, const std::set<std::string>& known) {
  if (!is_name(name)) return false;
  if (name == "wal_keep_segments" && version.major() >= 13) return false;  // became wal_keep_size
  const bool is_extension = name.find('.') != std::string::npos;
  return known.empty() || is_extension || known.contains(name);
}

}  // namespace

bool is_controlled(const std::string& name) {
  return std::any_of(numbers.begin(), numbers.end(),
                     [&](const Number& number) { return name == number.name; }) ||
         std::any_of(ours.begin(), ours.end(), [&](const char* own) { return name == own; });
}

Controlled controlled_parameters(const Options& options, Version, Role role,
                                 const std::optional<ControlData>& control) {
  Controlled controlled;
  Parameters& set = controlled.parameters;
  const ControlData* recorded = role == Role::standby && control ? &*control : nullptr;
  for (const auto& number : numbers)
    set[number.name] = number_for(controlled, number, options.parameters, recorded);
  const std::string level = lower(find_or(options.parameters, "wal_level", "replica"));
  set["wal_level"] = level == "logical" ? "logical" : "replica";  // "hot_standby" is its old name
  set["track_commit_timestamp"] =
      is_true(lower(find_or(options.parameters, "track_commit_timestamp", "off"))) ? "on" : "off";
  set["wal_log_hints"] = is_true(lower(find_or(options.parameters, "wal_log_hints", "on"))) ? "on" : "off";
  set["hot_standby"] = "on";
  set["listen_addresses"] = options.listen;
  set["port"] = std::to_string(options.port);
  set["cluster_name"] = options.scope;
  return controlled;
}

Checked check_parameters(const Options& options, Version version, const std::set<std::string>& known) {
  Checked checked;
  for (const auto& [key, value] : options.parameters) {
    const std::string name = lower(key);
    if (is_controlled(name)) continue;
    if (is_known(name, version, known))
      checked.parameters.emplace(name, value);
    else
      checked.dropped.push_back(key);
  }
  checked.parameters.emplace("wal_keep_size", "128MB");
  return checked;
}

}  // namespace holdfast::postgres
