#pragma once

#include "config/sections/postgresql.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

// Patroni's form of a program's options: a list of names and of maps of one name and its value; or one map.
template <>
struct Codec<std::vector<CommandOption>> {
  static TypeInfo type() { return {"list of options", ""}; }
  static void read(const Node& node, std::vector<CommandOption>& out, const Spot& spot);
  static Node print(const std::vector<CommandOption>& value);
};

template <>
struct Schema<PostgresUser> {
  static constexpr std::tuple entries{
      Field{.key = "username", .member = &PostgresUser::username, .help = "Role name."},
      Field{.key = "password", .member = &PostgresUser::password, .help = "Its password."},
      Field{.key = "sslmode", .member = &PostgresUser::sslmode, .help = "As libpq's parameter of this name."},
      Field{
          .key = "sslkey", .member = &PostgresUser::sslkey, .help = "Private key of the client certificate."},
      Field{.key = "sslpassword", .member = &PostgresUser::sslpassword, .help = "Password of that key."},
      Field{.key = "sslcert", .member = &PostgresUser::sslcert, .help = "Client certificate."},
      Field{.key = "sslrootcert",
            .member = &PostgresUser::sslrootcert,
            .help = "Authorities that servers are checked against."},
      Field{.key = "sslcrl", .member = &PostgresUser::sslcrl, .help = "Certificate revocation list."},
      Field{.key = "sslcrldir", .member = &PostgresUser::sslcrldir, .help = "Directory of revocation lists."},
      Field{.key = "sslnegotiation",
            .member = &PostgresUser::sslnegotiation,
            .help = "As libpq's (PostgreSQL 17).",
            .without_effect = true},
      Field{.key = "gssencmode",
            .member = &PostgresUser::gssencmode,
            .help = "As libpq's parameter of this name."},
      Field{.key = "channel_binding",
            .member = &PostgresUser::channel_binding,
            .help = "As libpq's parameter of this name."}};
};

template <>
struct Schema<PostgresAuthentication> {
  static constexpr std::tuple entries{Field{.key = "superuser",
                                            .member = &PostgresAuthentication::superuser,
                                            .help = "Made by initdb; used by the agent."},
                                      Field{.key = "replication",
                                            .member = &PostgresAuthentication::replication,
                                            .help = "Used by standbys to stream."},
                                      Field{.key = "rewind",
                                            .member = &PostgresAuthentication::rewind,
                                            .help = "Used by pg_rewind.",
                                            .derived = "superuser"}};
};

template <>
struct Schema<Callbacks> {
  static constexpr std::tuple entries{
      Field{.key = "on_reload", .member = &Callbacks::on_reload, .help = "Command run after a reload."},
      Field{.key = "on_restart", .member = &Callbacks::on_restart, .help = "Command run after a restart."},
      Field{.key = "on_role_change",
            .member = &Callbacks::on_role_change,
            .help = "Command run after a promotion or demotion."},
      Field{.key = "on_start", .member = &Callbacks::on_start, .help = "Command run after a start."},
      Field{.key = "on_stop", .member = &Callbacks::on_stop, .help = "Command run after a stop."}};
};

template <>
struct Schema<BinNames> {
  static constexpr std::tuple entries{
      Field{.key = "pg_ctl", .member = &BinNames::pg_ctl, .help = "Name of pg_ctl."},
      Field{.key = "initdb", .member = &BinNames::initdb, .help = "Name of initdb."},
      Field{.key = "pg_controldata", .member = &BinNames::pg_controldata, .help = "Name of pg_controldata."},
      Field{.key = "pg_basebackup", .member = &BinNames::pg_basebackup, .help = "Name of pg_basebackup."},
      Field{.key = "postgres", .member = &BinNames::postgres, .help = "Name of postgres."},
      Field{.key = "pg_isready", .member = &BinNames::pg_isready, .help = "Name of pg_isready."},
      Field{.key = "pg_rewind", .member = &BinNames::pg_rewind, .help = "Name of pg_rewind."}};
};

template <>
struct Schema<ReplicaMethod> {
  static constexpr bool is_open = true;
  static constexpr std::tuple entries{Field{.key = "command",
                                            .member = &ReplicaMethod::command,
                                            .help = "Command that fills the data directory."},
                                      Field{.key = "keep_data",
                                            .member = &ReplicaMethod::keep_data,
                                            .help = "Don't empty the data directory first."},
                                      Field{.key = "no_params",
                                            .member = &ReplicaMethod::no_params,
                                            .help = "Append no --scope, --role, --datadir, --connstring."},
                                      Field{.key = "no_leader",
                                            .member = &ReplicaMethod::no_leader,
                                            .help = "Can run without a running member."},
                                      Unused{"no_master", "Patroni 3: use no_leader."}};

  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              ReplicaMethod& out, const Spot& spot);
  static void print_others(const ReplicaMethod& method, Node& out);
};

template <>
struct Schema<PostgresqlConfig> {
  using C = PostgresqlConfig;
  static constexpr std::tuple entries{
      Field{.key = "listen",
            .member = &C::listen,
            .help = "Addresses (comma list) and port PostgreSQL listens on.",
            .apply = Apply::restart},
      Field{.key = "connect_address",
            .member = &C::connect_address,
            .help = "Address at which others reach PostgreSQL.",
            .derived = "`listen`, when that is one address"},
      Field{.key = "proxy_address",
            .member = &C::proxy_address,
            .help = "Address of a pooler beside PostgreSQL, announced as proxy_url."},
      Field{.key = "data_dir",
            .member = &C::data_dir,
            .help = "Data directory.",
            .apply = Apply::restart,
            .derived = "`data_root`/scope/name/postgresql"},
      Field{.key = "config_dir",
            .member = &C::config_dir,
            .help = "Directory of postgresql.conf.",
            .apply = Apply::restart,
            .derived = "`data_dir`"},
      Field{.key = "bin_dir",
            .member = &C::bin_dir,
            .help = "Directory of PostgreSQL's programs.",
            .apply = Apply::restart,
            .derived = "found in the usual places"},
      Field{.key = "bin_name",
            .member = &C::bin_name,
            .help = "Other names of PostgreSQL's programs.",
            .apply = Apply::restart,
            .without_effect = true},
      Field{.key = "config_base_name",
            .member = &C::config_base_name,
            .help = "Base name of postgresql.conf.",
            .apply = Apply::restart,
            .without_effect = true},
      Field{.key = "pgpass",
            .member = &C::pgpass,
            .help = "Password file that is written for PostgreSQL's programs.",
            .apply = Apply::restart,
            .derived = "`data_root`/scope/name/pgpass"},
      Field{.key = "authentication",
            .member = &C::authentication,
            .help = "Roles that members use with each other."},
      Field{.key = "database",
            .member = &C::database,
            .help = "Database that the agent connects to.",
            .apply = Apply::restart},
      Field{.key = "parameters", .member = &C::parameters, .help = "Settings of postgresql.conf."},
      Field{.key = "parameters_primary",
            .member = &C::parameters_primary,
            .help = "Merged over them on a primary.",
            .without_effect = true},
      Field{.key = "parameters_replica",
            .member = &C::parameters_replica,
            .help = "Merged over them on a replica.",
            .without_effect = true},
      Field{.key = "parameters_standby_leader",
            .member = &C::parameters_standby_leader,
            .help = "Merged over them on a standby leader.",
            .without_effect = true},
      Field{.key = "pg_hba", .member = &C::pg_hba, .help = "Lines of pg_hba.conf."},
      Field{.key = "pg_hba_primary",
            .member = &C::pg_hba_primary,
            .help = "Instead of pg_hba on a primary.",
            .without_effect = true},
      Field{.key = "pg_hba_replica",
            .member = &C::pg_hba_replica,
            .help = "Instead of pg_hba on a replica.",
            .without_effect = true},
      Field{.key = "pg_hba_standby_leader",
            .member = &C::pg_hba_standby_leader,
            .help = "Instead of pg_hba on a standby leader.",
            .without_effect = true},
      Field{.key = "pg_ident", .member = &C::pg_ident, .help = "Lines of pg_ident.conf."},
      Field{.key = "pg_ident_primary",
            .member = &C::pg_ident_primary,
            .help = "Instead of pg_ident on a primary.",
            .without_effect = true},
      Field{.key = "pg_ident_replica",
            .member = &C::pg_ident_replica,
            .help = "Instead of pg_ident on a replica.",
            .without_effect = true},
      Field{.key = "pg_ident_standby_leader",
            .member = &C::pg_ident_standby_leader,
            .help = "Instead of pg_ident on a standby leader.",
            .without_effect = true},
      Field{.key = "recovery_conf",
            .member = &C::recovery_conf,
            .help = "Recovery settings of a standby (restore_command, …)."},
      Field{.key = "custom_conf",
            .member = &C::custom_conf,
            .help = "File included instead of postgresql.base.conf."},
      Field{.key = "callbacks",
            .member = &C::callbacks,
            .help = "Commands run as `command action role scope`."},
      Field{.key = "pre_promote",
            .member = &C::pre_promote,
            .help = "Command run before a promotion; non-zero exit: another member has to.",
            .without_effect = true},
      Field{.key = "before_stop",
            .member = &C::before_stop,
            .help = "Command run before PostgreSQL is stopped.",
            .without_effect = true},
      Field{.key = "use_unix_socket",
            .member = &C::use_unix_socket,
            .help = "The agent connects by Unix socket; it does so anyway."},
      Field{.key = "use_unix_socket_repl",
            .member = &C::use_unix_socket_repl,
            .help = "So do replication connections to the own server.",
            .without_effect = true},
      Field{.key = "use_pg_rewind",
            .member = &C::use_pg_rewind,
            .help = "Rewind a diverged member instead of cloning it anew."},
      Field{
          .key = "use_slots", .member = &C::use_slots, .help = "Keep WAL for members by replication slots."},
      Field{.key = "create_replica_methods",
            .member = &C::create_replica_methods,
            .help = "Ways to make a replica, tried in this order.",
            .aliases = "create_replica_method",
            .splits_commas = true,
            .without_effect = true},
      Field{.key = "basebackup", .member = &C::basebackup, .help = "Options of pg_basebackup."},
      Field{.key = "rewind", .member = &C::rewind, .help = "Options of pg_rewind."},
      Field{.key = "remove_data_directory_on_rewind_failure",
            .member = &C::remove_data_directory_on_rewind_failure,
            .help = "Clone anew when pg_rewind failed."},
      Field{.key = "remove_data_directory_on_diverged_timelines",
            .member = &C::remove_data_directory_on_diverged_timelines,
            .help = "Clone anew when timelines diverged and pg_rewind is not used."},
      Field{.key = "pg_ctl_timeout",
            .member = &C::pg_ctl_timeout,
            .help = "Longest wait for a start, stop or promotion.",
            .min = 1s,
            .max = 24h}};

  // Sections of create_replica_methods.
  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys, C& out,
                                              const Spot& spot);
  static void print_others(const C& section, Node& out);
};

}  // namespace holdfast::config
