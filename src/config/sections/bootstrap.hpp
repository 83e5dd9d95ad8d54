#pragma once

#include "config/sections/dynamic.hpp"

namespace holdfast::config {

// A custom bootstrap method: the section of bootstrap that `method` names.
struct BootstrapMethod {
  std::string command;
  bool no_params = false;
  bool keep_existing_recovery_conf = false;
  StringMap recovery_conf;
  StringMap parameters;  // appended as --key=value

  bool operator==(const BootstrapMethod&) const = default;
};

// `bootstrap.users.<name>` (removed from Patroni in 4.0, kept here).
struct BootstrapUser {
  std::string name;
  Secret password;
  StringList options;  // createdb, superuser, …

  bool operator==(const BootstrapUser&) const = default;
};

// `bootstrap`: used once, when the cluster is created.
struct BootstrapConfig {
  DynamicConfig dcs;                  // written to the DCS key `config`
  std::vector<CommandOption> initdb;  // options of initdb; {"data-checksums", ""}, {"encoding", "UTF8"}
  std::string method = "initdb";
  BootstrapMethod custom;      // when method is not initdb
  std::string post_bootstrap;  // alias post_init
  StringList pg_hba;           // used when postgresql.pg_hba is empty everywhere
  std::vector<BootstrapUser> users;

  bool operator==(const BootstrapConfig&) const = default;
};

}  // namespace holdfast::config
