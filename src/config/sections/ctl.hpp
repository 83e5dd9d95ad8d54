#pragma once

#include "config/sections/restapi.hpp"

namespace holdfast::config {

// `ctl`: how the command line talks to REST APIs. An empty value falls back to the one of `restapi`.
struct CtlConfig {
  BasicAuthentication authentication;
  bool insecure = false;  // don't verify server certificates
  std::string cacert;
  std::string certfile;
  std::string keyfile;
  Secret keyfile_password;

  bool operator==(const CtlConfig&) const = default;
};

}  // namespace holdfast::config
