#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/problems.hpp"

// The DCS key `config`: reading it, patching it, and merging its `postgresql` under the local one.
namespace holdfast::config {

// Reads the key's text. An error (not JSON, or not an object) means: keep the configuration you have (EC-90).
// A bad value is a problem in `problems` and keeps its default; unknown keys stay in `tree` and are otherwise
// ignored.
Result<DynamicConfig> parse_dynamic(std::string_view json, Problems* problems = nullptr);
DynamicConfig read_dynamic(const Node& tree, Problems& problems);

// What PATCH /config and `edit-config` do: maps merge, null removes the key. Fails when either is not an
// object, or when the result has errors (context: print_problems). The text is the key's new value, compact
// as Patroni's.
Result<std::string> patch_dynamic(std::string_view json, std::string_view changes);
// PUT /config: the whole text is replaced; checked as above.
Result<std::string> replace_dynamic(std::string_view json);

// The settings PostgreSQL runs with: local over dynamic, `parameters` merged key by key; GUCs that Patroni
// controls come from the DCS or their default only (Patroni, dynamic configuration). Problems name values
// that are not usable and what is used instead.
PostgresqlConfig effective_postgresql(const Config& local, const DynamicConfig& dynamic,
                                      Problems* problems = nullptr);

// A GUC that must be the same on all members, so it is taken from the DCS alone.
bool is_controlled_guc(std::string_view name);

// JSON <-> tree. print_json writes compact separators and keys in order, as Patroni does.
Result<Node> parse_json(std::string_view json);
std::string print_json(const Node& tree);

}  // namespace holdfast::config
