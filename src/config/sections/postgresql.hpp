#pragma once

#include "base/instant.hpp"
#include "base/secret.hpp"
#include "config/tree.hpp"
#include "config/values.hpp"

namespace holdfast::config {

// One of postgresql.authentication.{superuser,replication,rewind}. Empty strings are not passed to libpq.
struct PostgresUser {
  std::string username;
  Secret password;
  std::string sslmode;
  std::string sslkey;
  Secret sslpassword;
  std::string sslcert;
  std::string sslrootcert;
  std::string sslcrl;
  std::string sslcrldir;
  std::string sslnegotiation;
  std::string gssencmode;
  std::string channel_binding;

  bool operator==(const PostgresUser&) const = default;
};

struct PostgresAuthentication {
  PostgresUser superuser{.username = "postgres"};
  PostgresUser replication{.username = "replicator"};
  PostgresUser rewind;  // no username: the superuser rewinds

  bool operator==(const PostgresAuthentication&) const = default;
};

// Commands run as `<command> <action> <role> <scope>`.
struct Callbacks {
  std::string on_reload;
  std::string on_restart;
  std::string on_role_change;
  std::string on_start;
  std::string on_stop;

  bool operator==(const Callbacks&) const = default;
};

// Names of PostgreSQL's programs within bin_dir, for packages that rename them.
struct BinNames {
  std::string pg_ctl = "pg_ctl";
  std::string initdb = "initdb";
  std::string pg_controldata = "pg_controldata";
  std::string pg_basebackup = "pg_basebackup";
  std::string postgres = "postgres";
  std::string pg_isready = "pg_isready";
  std::string pg_rewind = "pg_rewind";

  bool operator==(const BinNames&) const = default;
};

// One of create_replica_methods other than basebackup, from the section of the same name.
struct ReplicaMethod {
  std::string name;
  std::string command;
  bool keep_data = false;  // don't empty the data directory first
  bool no_params = false;  // don't append --scope, --role, --datadir, --connstring
  bool no_leader = false;  // can run without a source member
  StringMap parameters;    // appended as --key=value

  bool operator==(const ReplicaMethod&) const = default;
};

// A command-line option: "--waldir" with a value, "--checkpoint" with an empty one.
struct CommandOption {
  std::string name;
  std::string value;

  bool operator==(const CommandOption&) const = default;
};

// `postgresql`: as in Patroni. Keys from `parameters` down may also come from the DCS: see
// effective_postgresql().
struct PostgresqlConfig {
  HostPort listen;           // host may be a comma list, as listen_addresses
  HostPort connect_address;  // derived from `listen` when that names one address
  HostPort proxy_address;    // announced as the member's proxy_url
  std::string data_dir;      // default: <data_root>/<scope>/<name>/postgresql
  std::string config_dir;    // default: data_dir
  std::string bin_dir;       // empty: found in /usr/lib/postgresql/*/bin, /usr/pgsql-*/bin or PATH
  BinNames bin_name;
  std::string config_base_name = "postgresql";
  std::string pgpass;  // default: <data_root>/<scope>/<name>/pgpass
  PostgresAuthentication authentication;
  std::string database = "postgres";  // for our own connections

  StringMap parameters;
  StringMap parameters_primary;  // merged over `parameters` in that role
  StringMap parameters_replica;
  StringMap parameters_standby_leader;
  StringList pg_hba;
  StringList pg_hba_primary;  // replaces pg_hba in that role
  StringList pg_hba_replica;
  StringList pg_hba_standby_leader;
  StringList pg_ident;
  StringList pg_ident_primary;
  StringList pg_ident_replica;
  StringList pg_ident_standby_leader;
  StringMap recovery_conf;
  std::string custom_conf;  // included instead of postgresql.base.conf
  Callbacks callbacks;
  std::string pre_promote;  // non-zero exit: the leader key is released and this member backs off for one ttl
  std::string before_stop;
  bool use_unix_socket = false;
  bool use_unix_socket_repl = false;
  bool use_pg_rewind = false;
  bool use_slots = true;
  StringList create_replica_methods{"basebackup"};
  std::vector<ReplicaMethod> replica_methods;  // those of create_replica_methods that have a section
  std::vector<CommandOption> basebackup;       // options of pg_basebackup
  std::vector<CommandOption> rewind;           // options of pg_rewind
  bool remove_data_directory_on_rewind_failure = false;
  bool remove_data_directory_on_diverged_timelines = false;
  milliseconds pg_ctl_timeout = 60s;

  bool operator==(const PostgresqlConfig&) const = default;
};

}  // namespace holdfast::config
