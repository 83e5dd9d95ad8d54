#pragma once

#include <string>

#include "config/keepalived_text.hpp"

namespace holdfast::config {

// What keepalived.conf(5) becomes: a document with the section `vip`, whose keys have keepalived's names.
struct Imported {
  std::string yaml;   // begins with what was not taken over, as comments; holds auth_pass in the clear
  Problems warnings;  // the same, one by one
};

// Errors name file and line: what keepalived itself would refuse, and what would make another virtual router
// of it here.
Result<Imported> import_keepalived(const KeepalivedFile& file, const KeepalivedOptions& options);

// From disk, with the files that it includes. Empty id: the first part of the host's name, as keepalived has
// it.
Result<Imported> import_keepalived_file(const std::string& path, const std::string& id);

}  // namespace holdfast::config
