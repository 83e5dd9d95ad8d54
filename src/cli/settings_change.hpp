#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"

// What edit-config does to a configuration. Pure.
namespace holdfast::cli {

// One `key=value` of -s: a dotted path (below postgresql.parameters the rest is one name: GUCs may contain
// dots) and a YAML value; an empty value or null removes the key, and maps that became empty.
// Errc::invalid_argument.
Result<void> apply_setting(boost::json::object& config, const std::string& setting);

// --apply: maps merge key by key, null removes.
void apply_patch(boost::json::object& config, const boost::json::object& changes);

}  // namespace holdfast::cli
