#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/duration.hpp"
#include "config/dynamic.hpp"
#include "config/read_config.hpp"

namespace holdfast::config {
namespace {

// Settings that must agree on all members: from the DCS or the default, checked against a minimum
// (Patroni, postgresql/config.py CMDLINE_OPTIONS). They are passed on the command line, so
// that ALTER SYSTEM can't undo them.
struct Controlled {
  std::string_view name;
  const char* fallback;  // nullptr: not passed unless the DCS sets it
  std::optional<std::int64_t> min = std::nullopt;
  std::string_view allowed = {};  // words, space-separated
};

constexpr std::array controlled{
    Controlled{"max_connections", "100", 25},
    Controlled{"max_locks_per_transaction", "64", 32},
    Controlled{"max_worker_processes", "8", 2},
    Controlled{"max_prepared_transactions", "0", 0},
    Controlled{"wal_level", "replica", std::nullopt, "hot_standby replica logical"},
    Controlled{"track_commit_timestamp", "off", std::nullopt, "on off true false yes no 1 0"},
    Controlled{"max_wal_senders", "10", 3},
    Controlled{"max_replication_slots", "10", 4},
    Controlled{"wal_keep_size", "128MB", 16LL << 20},
    Controlled{"wal_log_hints", "on", std::nullopt, "on off true false yes no 1 0"}};

// Set by us alone, whatever is configured.
constexpr std::array fixed{"listen_addresses", "port", "cluster_name", "hot_standby"};

// In Patroni's dynamic configuration these have no effect.
constexpr std::array local_only{"connect_address", "proxy_address", "listen",        "config_dir",
                                "data_dir",        "pgpass",        "authentication"};

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

const Controlled* find_controlled(std::string_view name) {
  const auto found =
      std::ranges::find_if(controlled, [&](const Controlled& each) { return same_name(each.name, name); });
  return found == controlled.end() ? nullptr : &*found;
}

bool is_fixed(std::string_view name) {
  return std::ranges::any_of(fixed, [&](const char* each) { return same_name(each, name); });
}

// As Patroni keeps the old name: 16 MB a segment.
constexpr std::int64_t segment_bytes = 16LL << 20;

bool is_usable(const Controlled& rule, const std::string& value) {
  if (!rule.allowed.empty()) {
    const auto words = split_words(rule.allowed, ' ');
    return std::ranges::any_of(words, [&](const std::string& word) { return same_name(word, value); });
  }
  const auto number = parse_size(
      rule.name == "wal_keep_size" && !value.empty() && std::isdigit(value.back()) ? value + "MB" : value);
  return number && *number >= *rule.min;
}

class Merger {
 public:
  Merger(const Node* dynamic, Problems& problems) : dynamic_{dynamic}, problems_{problems} {}

  void take_controlled(StringMap& out);
  void take_ordinary(const StringMap& from, StringMap& out);
  void warn_local(const Node* local);

 private:
  std::optional<std::string> asked(std::string_view name) const;

  const Node* dynamic_;  // postgresql.parameters of the DCS, or nullptr
  Problems& problems_;
};

std::optional<std::string> Merger::asked(std::string_view name) const {
  if (dynamic_ == nullptr) return std::nullopt;
  for (const auto& [key, value] : dynamic_->children) {
    if (same_name(key, name) && value.is_scalar()) return value.text;
  }
  return std::nullopt;
}

void Merger::take_controlled(StringMap& out) {
  for (const Controlled& rule : controlled) {
    auto value = asked(rule.name);
    if (rule.name == "wal_keep_size" && !value) {
      const auto segments = parse_size(asked("wal_keep_segments").value_or("x"));
      if (segments && *segments >= 1) value = fmt::format("{}MB", *segments * (segment_bytes >> 20));
    }
    if (value && !is_usable(rule, *value)) {
      problems_.warn({Origin::Kind::dcs, "/config"}, fmt::format("postgresql.parameters.{}", rule.name),
                     fmt::format("'{}' is not usable (allowed: {}); {} is used", *value,
                                 rule.min ? fmt::format("at least {}", rule.name == "wal_keep_size"
                                                                           ? "16MB"
                                                                           : std::to_string(*rule.min))
                                          : join(split_words(rule.allowed, ' ')),
                                 rule.fallback));
      value.reset();
    }
    // hot_standby is the old word for replica (PostgreSQL 9.6).
    if (value && rule.name == "wal_level" && same_name(*value, "hot_standby")) value = "replica";
    out.set(std::string{rule.name}, value.value_or(rule.fallback));
  }
}

void Merger::take_ordinary(const StringMap& from, StringMap& out) {
  for (const auto& [name, value] : from) {
    if (is_controlled_guc(name)) continue;
    const auto there =
        std::ranges::find_if(out, [&](const auto& entry) { return same_name(entry.first, name); });
    out.set(there == out.end() ? name : there->first, value);
  }
}

void Merger::warn_local(const Node* local) {
  if (local == nullptr) return;
  for (const auto& [name, value] : local->children) {
    if (!is_controlled_guc(name)) continue;
    problems_.warn(
        value.origin, "postgresql.parameters." + name,
        is_fixed(name)
            ? "is set by us; the value here has no effect"
            : "must be the same on all members: it counts in the DCS only (edit-config), not here");
  }
}

StringMap strings_of(const Node* node) {
  StringMap result;
  if (node == nullptr) return result;
  for (const auto& [key, value] : node->children) {
    if (value.is_scalar()) result.set(key, value.text);
  }
  return result;
}

// Key by key: what is set locally replaces what the DCS says; `parameters` is merged by the caller.
Node merge_keys(const Node& local, const Node& dynamic) {
  Node merged = local.is_map() ? local : Node::map(local.origin);
  for (const auto& [key, value] : dynamic.children) {
    const bool is_local =
        std::ranges::find(local_only, key) != local_only.end() || merged.find(key) != nullptr;
    if (!is_local) merged.set(key, value);
  }
  return merged;
}

}  // namespace

bool is_controlled_guc(std::string_view name) {
  return find_controlled(name) != nullptr || is_fixed(name) || same_name(name, "wal_keep_segments");
}

PostgresqlConfig effective_postgresql(const Config& local, const DynamicConfig& dynamic, Problems* problems) {
  Problems found;
  const Node* local_tree = local.tree.find("postgresql");
  const Node nothing;
  const Node& own = local_tree == nullptr ? nothing : *local_tree;
  PostgresqlConfig result;
  read_postgresql(merge_keys(own, dynamic.postgresql), result, found);
  const Node* dynamic_parameters = dynamic.postgresql.find("parameters");
  Merger merger{dynamic_parameters, found};
  merger.warn_local(own.find("parameters"));
  result.parameters = {};
  merger.take_controlled(result.parameters);
  merger.take_ordinary(strings_of(dynamic_parameters), result.parameters);
  merger.take_ordinary(strings_of(own.find("parameters")), result.parameters);
  if (problems != nullptr) problems->append(found);
  return result;
}

}  // namespace holdfast::config
