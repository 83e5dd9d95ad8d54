#pragma once

#include "config/sections/bootstrap.hpp"
#include "config/sections/dynamic_schema.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

template <>
struct Schema<BootstrapMethod> {
  static constexpr bool is_open = true;
  static constexpr std::tuple entries{Field{.key = "command",
                                            .member = &BootstrapMethod::command,
                                            .help = "Command that fills the data directory.",
                                            .apply = Apply::bootstrap},
                                      Field{.key = "no_params",
                                            .member = &BootstrapMethod::no_params,
                                            .help = "Append no --scope and --datadir.",
                                            .apply = Apply::bootstrap},
                                      Field{.key = "keep_existing_recovery_conf",
                                            .member = &BootstrapMethod::keep_existing_recovery_conf,
                                            .help = "Leave the recovery settings that the command wrote.",
                                            .apply = Apply::bootstrap},
                                      Field{.key = "recovery_conf",
                                            .member = &BootstrapMethod::recovery_conf,
                                            .help = "Recovery settings of the first start.",
                                            .apply = Apply::bootstrap}};

  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              BootstrapMethod& out, const Spot& spot);
  static void print_others(const BootstrapMethod& method, Node& out);
};

template <>
struct Schema<BootstrapUser> {
  static constexpr std::tuple entries{Field{.key = "password",
                                            .member = &BootstrapUser::password,
                                            .help = "Password of the role.",
                                            .apply = Apply::bootstrap},
                                      Field{.key = "options",
                                            .member = &BootstrapUser::options,
                                            .help = "Its attributes: createdb, createrole, …",
                                            .apply = Apply::bootstrap,
                                            .splits_commas = true}};
};
template <>
struct Codec<std::vector<BootstrapUser>> {
  static TypeInfo type() {
    return {.name = "map of users",
            .json_type = "object",
            .kind = FieldInfo::Kind::map_of_sections,
            .section = &describe<BootstrapUser>()};
  }
  static void read(const Node& node, std::vector<BootstrapUser>& out, const Spot& spot);
  static Node print(const std::vector<BootstrapUser>& value);
};

template <>
struct Schema<BootstrapConfig> {
  static constexpr bool is_open = true;
  static constexpr std::tuple entries{
      Field{.key = "dcs",
            .member = &BootstrapConfig::dcs,
            .help = "What a new cluster starts with in its DCS key `config`.",
            .apply = Apply::bootstrap},
      Field{.key = "initdb",
            .member = &BootstrapConfig::initdb,
            .help = "Options of initdb.",
            .apply = Apply::bootstrap},
      Field{.key = "method",
            .member = &BootstrapConfig::method,
            .help = "How the first member is made: initdb, or a section here.",
            .apply = Apply::bootstrap,
            .without_effect = true},
      Field{.key = "post_bootstrap",
            .member = &BootstrapConfig::post_bootstrap,
            .help = "Command run once the first primary is up; it gets a connection URL.",
            .apply = Apply::bootstrap,
            .aliases = "post_init"},
      Field{.key = "pg_hba",
            .member = &BootstrapConfig::pg_hba,
            .help = "Lines of pg_hba.conf when postgresql.pg_hba has none.",
            .apply = Apply::bootstrap},
      Field{.key = "users",
            .member = &BootstrapConfig::users,
            .help = "Roles that are created.",
            .apply = Apply::bootstrap}};

  // The section that `method` names, and those of other methods.
  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              BootstrapConfig& out, const Spot& spot);
  static void print_others(const BootstrapConfig& section, Node& out);
};

}  // namespace holdfast::config
