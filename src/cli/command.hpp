#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/config.hpp"

// What was asked for on the command line, as plain values: one struct a verb. Filled by parse.cpp.
namespace holdfast::cli {

// Under which name the program was started. `patronictl` keeps to Patroni's letter: the cluster's name comes
// first where it does there, and a request that a member declined exits 0.
enum class Style { holdfast, patronictl };

enum class Format { pretty, tsv, json, yaml, topology };

// Before or after the verb.
struct Common {
  std::string config_file;  // -c
  std::string dcs_url;      // -d: etcd3://HOST:PORT/NAMESPACE, instead of the file's
  bool insecure = false;    // -k
};

struct Watch {
  std::optional<double> seconds;  // -w SEC, -W: 2
};

// Members of one cluster, as most verbs take them: [CLUSTER] [MEMBER…].
struct Selection {
  std::vector<std::string> names;
  std::optional<std::string> role;  // -r
};

// Roles and the commands of this host.
struct Run {
  std::string node;
};
struct RunRole {
  config::Role role = config::Role::agent;
  std::string node;
};
struct Sentinel {
  std::string socket, data_dir, bin_dir, member;
};
struct ConfigCheck {
  std::string file, node;
};
struct ConfigShow {
  std::string file, node;
};
struct ConfigExplain {
  std::string key;
};
struct ConfigImport {
  std::string file, output, id;
};
struct ConfigReference {};
struct ConfigSchema {};
struct Completion {
  std::string shell;
};
struct External {  // a verb with arguments of its own
  enum class Program { drill, demo } program = Program::drill;
  std::vector<std::string> arguments;
};

// The cluster.
struct List {
  std::vector<std::string> clusters;
  bool extended = false;
  bool timestamp = false;
  Format format = Format::pretty;  // topology: the verb of that name
  Watch watch;
};
struct Status {
  std::string cluster;
  Format format = Format::pretty;  // or json
  Watch watch;
};
struct VipShow {
  Format format = Format::pretty;
  Watch watch;
};
struct History {
  std::string cluster;
  Format format = Format::pretty;
};
struct Switchover {
  bool is_failover = false;
  std::string cluster;
  std::optional<std::string> leader, candidate, scheduled;
  bool force = false;
};
struct Restart {
  Selection selection;
  bool any = false, pending = false, force = false;
  std::optional<std::string> scheduled, pg_version, timeout;
};
struct Reload {
  Selection selection;
  bool force = false;
};
struct Reinit {
  Selection selection;
  bool force = false, wait = false, from_leader = false;
};
struct Flush {
  Selection selection;  // the target stands among the names
  bool force = false;
};
struct Pause {
  bool on = true;  // false: resume
  std::string cluster;
  bool wait = false;
};
struct ShowConfig {
  std::string cluster;
};
struct EditConfig {
  std::string cluster;
  bool quiet = false, force = false;
  std::vector<std::string> settings;     // -s key=value
  std::vector<std::string> pg_settings;  // -p guc=value
  std::string apply_file, replace_file;  // "-": standard input
};
struct Query {
  std::string cluster;
  std::optional<std::string> role, member;
  std::string file, command;
  std::string database, username;
  bool password = false;
  Format format = Format::tsv;
  std::string delimiter = "\t";
  Watch watch;
};
struct Dsn {
  std::string cluster;
  std::optional<std::string> role, member;
};
struct Version {
  std::vector<std::string> names;  // [CLUSTER [MEMBER…]]
};
struct Remove {
  std::string cluster;
  Format format = Format::pretty;
};

using Command = std::variant<Run, RunRole, Sentinel, ConfigCheck, ConfigShow, ConfigExplain, ConfigImport,
                             ConfigReference, ConfigSchema, Completion, External, List, Status, VipShow,
                             History, Switchover, Restart, Reload, Reinit, Flush, Pause, ShowConfig,
                             EditConfig, Query, Dsn, Version, Remove>;

}  // namespace holdfast::cli
