#pragma once

#include "config/config.hpp"
#include "config/sections/bootstrap_schema.hpp"
#include "config/sections/etcd_schema.hpp"
#include "config/sections/log_schema.hpp"
#include "config/sections/member_schema.hpp"
#include "config/sections/proxy_schema.hpp"
#include "config/sections/restapi_schema.hpp"
#include "config/sections/vip_schema.hpp"

// The document as a whole.
namespace holdfast::config {

template <>
struct Words<Role> {
  static constexpr std::array table{std::pair{"agent", Role::agent}, std::pair{"proxy", Role::proxy},
                                    std::pair{"vip", Role::vip}, std::pair{"etcd", Role::etcd}};
};
// Roles of later versions are accepted with a warning.
template <>
struct Codec<std::vector<Role>> {
  static TypeInfo type() { return {"list of words", "", {"agent", "proxy", "vip", "etcd"}}; }
  static void read(const Node& node, std::vector<Role>& out, const Spot& spot);
  static Node print(const std::vector<Role>& value);
};

template <>
struct Schema<NodePorts> {
  using C = NodePorts;
  static constexpr std::tuple entries{Field{.key = "postgresql",
                                            .member = &C::postgresql,
                                            .help = "Port of PostgreSQL.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "restapi",
                                            .member = &C::restapi,
                                            .help = "Port of the REST API.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "etcd_client",
                                            .member = &C::etcd_client,
                                            .help = "Port of etcd for clients.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "etcd_peer",
                                            .member = &C::etcd_peer,
                                            .help = "Port of etcd for its members.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "write",
                                            .member = &C::write,
                                            .help = "The proxy's port that leads to the primary.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "read",
                                            .member = &C::read,
                                            .help = "The proxy's port that leads to replicas.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "stats",
                                            .member = &C::stats,
                                            .help = "The proxy's port for statistics.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "vip",
                                            .member = &C::vip,
                                            .help = "The virtual router's port for statistics.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart}};
};

template <>
struct Schema<NodeConfig> {
  static constexpr std::tuple entries{
      Field{.key = "host",
            .member = &NodeConfig::host,
            .help = "Address of the host.",
            .apply = Apply::restart},
      Field{
          .key = "roles", .member = &NodeConfig::roles, .help = "What runs there.", .apply = Apply::restart},
      Field{.key = "ports", .member = &NodeConfig::ports, .help = "Ports other than the usual ones."},
      Field{.key = "tags", .member = &NodeConfig::tags, .help = "`tags` of this member."}};
};
template <>
struct Codec<std::vector<NodeConfig>> {
  static TypeInfo type() {
    return {.name = "map of nodes",
            .json_type = "object",
            .kind = FieldInfo::Kind::map_of_sections,
            .section = &describe<NodeConfig>()};
  }
  static void read(const Node& node, std::vector<NodeConfig>& out, const Spot& spot);
  static Node print(const std::vector<NodeConfig>& value);
};

template <>
struct Schema<Passwords> {
  static constexpr std::tuple entries{
      Field{.key = "superuser", .member = &Passwords::superuser, .help = "Password of the superuser."},
      Field{.key = "replication",
            .member = &Passwords::replication,
            .help = "Password of the replication role."},
      Field{.key = "rewind",
            .member = &Passwords::rewind,
            .help = "Password of the rewind role.",
            .derived = "that role is not used"}};
};

inline constexpr std::string_view only_etcd = "only etcd is supported as consensus store: use 'etcd3'";

template <>
struct Schema<Config> {
  static constexpr std::tuple entries{
      Field{
          .key = "scope", .member = &Config::scope, .help = "Name of the cluster.", .apply = Apply::restart},
      Field{.key = "namespace",
            .member = &Config::namespace_,
            .help = "Path in the DCS above the scope.",
            .apply = Apply::restart},
      Field{.key = "name",
            .member = &Config::name,
            .help = "Name of this member, unique in the cluster.",
            .apply = Apply::restart,
            .derived = "this host's name in `nodes`"},
      Field{.key = "roles",
            .member = &Config::roles,
            .help = "What `holdfast run` starts on this host.",
            .apply = Apply::restart,
            .derived = "by the sections that are there"},
      Field{.key = "nodes",
            .member = &Config::nodes,
            .help = "The short form: all hosts, in one file for all.",
            .apply = Apply::restart,
            .derived = "the full form"},
      Field{.key = "passwords", .member = &Config::passwords, .help = "The short form's passwords."},
      Field{.key = "passwords_file",
            .member = &Config::passwords_file,
            .help = "YAML file with the keys of `passwords`."},
      Field{.key = "os_user",
            .member = &Config::os_user,
            .help = "Operating system user of PostgreSQL and etcd when started as root.",
            .apply = Apply::restart},
      Field{.key = "data_root",
            .member = &Config::data_root,
            .help = "Directory under which data directories are made.",
            .apply = Apply::restart},
      Field{.key = "log", .member = &Config::log, .help = "Logs."},
      Field{.key = "restapi", .member = &Config::restapi, .help = "The agent's REST API."},
      Field{.key = "ctl", .member = &Config::ctl, .help = "How the command line talks to REST APIs."},
      Field{.key = "etcd3",
            .member = &Config::etcd,
            .help = "The consensus store.",
            .apply = Apply::restart,
            .aliases = "etcd"},
      Field{.key = "etcd_server",
            .member = &Config::etcd_server,
            .help = "The etcd member that role etcd runs."},
      Field{.key = "bootstrap", .member = &Config::bootstrap, .help = "How a new cluster is made."},
      Field{.key = "postgresql",
            .member = &Config::postgresql,
            .help = "The PostgreSQL server of this member."},
      Field{.key = "watchdog", .member = &Config::watchdog, .help = "The kernel's watchdog."},
      Field{.key = "tags",
            .member = &Config::tags,
            .help = "Properties of this member; further keys are your own."},
      Field{.key = "proxy", .member = &Config::proxy, .help = "The address that clients connect to."},
      Field{.key = "vip", .member = &Config::vip, .help = "The address that floats between hosts."},
      Unused{"thread_pool_size", "Patroni: threads of its pool."},
      Unused{"thread_stack_size", "Patroni: stack size of a thread."},
      Unused{"edge", "The HTTP reverse proxy; a later version."},
      Unused{"backup", "Backups; a later version."},
      Unused{"metrics", "Metrics beyond the REST API's; a later version."},
      Refused{"consul", only_etcd},
      Refused{"zookeeper", only_etcd},
      Refused{"exhibitor", only_etcd},
      Refused{"kubernetes", only_etcd},
      Refused{"raft", only_etcd},
      Refused{"citus", "Citus clusters are not supported by this version"}};

  static void finish(const Node& node, Config& out, const Spot& spot);
};

}  // namespace holdfast::config
