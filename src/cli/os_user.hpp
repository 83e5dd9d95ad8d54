#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "config/config.hpp"

namespace holdfast::cli {

// The account that roles run under: `os_user` when we are root, else nullopt (they run as we do).
// Errc::not_found.
Result<std::optional<uid_t>> find_os_user(const config::Config& config);

// As root: makes the directories that roles write to and gives them to `user`. A directory that is there with
// something in it is never given to anyone.
Result<void> prepare_directories(const config::Config& config, std::optional<uid_t> user);

// Errc::permission_denied when `user` could not read `file` (a configuration of root's).
Result<void> check_readable(const std::string& file, std::optional<uid_t> user);

}  // namespace holdfast::cli
