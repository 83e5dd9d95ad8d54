#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "postgres/control_data.hpp"
#include "postgres/options.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {

using Parameters = std::map<std::string, std::string>;

// What to render the files from.
struct Desired {
  Role role = Role::standby;
  std::optional<Upstream> upstream;       // standby: none means primary_conninfo = ''
  std::string synchronous_standby_names;  // '' switches synchronous replication off
  bool archiving_off = false;             // while a restore bootstraps (EC-75)

  bool operator==(const Desired&) const = default;
};

// The GUCs that go on the command line, where ALTER SYSTEM can't reach them (Patroni 1.1.2), with Patroni's
// defaults and minimums. On a standby a value below pg_control's is raised to it (EC-42); `held_back` names
// those.
struct Controlled {
  Parameters parameters;
  std::vector<std::string> held_back;
};
Controlled controlled_parameters(const Options& options, Version version, Role role,
                                 const std::optional<ControlData>& control);

// Is this GUC (lower case) ours to set, so that the user's value in a file is not written?
bool is_controlled(const std::string& name);

// User parameters that can be written: known to this server (EC-87), not controlled, not ours. Keys
// lower-cased. `known` empty: nothing is known, all pass. `dropped` are for a warning.
struct Checked {
  Parameters parameters;
  std::vector<std::string> dropped;
};
Checked check_parameters(const Options& options, Version version, const std::set<std::string>& known);

std::string render_postgresql_conf(const Options& options, Version version, const Parameters& parameters,
                                   const Desired& desired);
std::string render_pg_hba(const Options& options);
std::string render_passfile(const Options& options);
// "host=… port=… user=… application_name=… passfile=…", values quoted as libpq wants them.
std::string primary_conninfo(const Options& options, const Upstream& upstream);
// A value for postgresql.conf in quotes: ' and \ doubled, newlines refused by dropping them.
std::string quote_guc(const std::string& value);
std::string quote_conninfo(const std::string& value);
// postgresql.auto.conf without what would fight with us (EC-83); unchanged text when there is nothing.
std::string strip_auto_conf(const std::string& text, const std::set<std::string>& also = {});

// What the files say now: after a restart of the agent, the running server's wish is read back from them.
Desired read_desired(const Options& options);

struct Written {
  bool changed = false;
  bool restart_needed =
      false;  // only SQL's pg_settings.pending_restart tells all; this is what the files tell
  std::vector<std::string> dropped;
};

// Writes postgresql.conf (the original is kept as postgresql.base.conf and included), pg_hba.conf,
// pg_ident.conf, standby.signal, the passfile; strips postgresql.auto.conf. Each by temporary file, fsync and
// rename.
Result<Written> write_config_files(const Options& options, Version version,
                                   const std::set<std::string>& known, const Desired& desired);
// Writes by temporary file, fsync, rename, fsync of the folder. true: the text was another one before.
Result<bool> write_atomically(const Options& options, const std::string& path, const std::string& text,
                              mode_t mode = 0600);
Result<std::string> read_text(const std::string& path);
// Makes renames and removals in the folder durable.
Result<void> sync_folder(const std::string& path);

}  // namespace holdfast::postgres
