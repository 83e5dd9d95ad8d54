#pragma once

#include "base/result.hpp"
#include "config/config.hpp"

// What `holdfast config show|explain` and the reference pages print: all of it from the schema.
namespace holdfast::config {

// The whole effective configuration as YAML, each value followed by `# where it came from`; secrets as ***.
std::string dump(const Config& config);

// "postgresql.pg_ctl_timeout": type, default, bounds, help, how a change is applied; for a section: its keys.
// Unknown: an error naming the nearest key.
Result<std::string> explain(std::string_view path);
// As above, with the value that is in force and its origin.
Result<std::string> explain(std::string_view path, const Config& config);

std::string reference_markdown();  // docs/reference/configuration.md
std::string json_schema();         // draft 2020-12, for editors

}  // namespace holdfast::config
