#include "cli/os_user.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

Result<void> give(const fs::path& path, const passwd& account) {
  std::error_code error;
  const bool is_new = fs::create_directories(path, error);
  if (error)
    return fail(Errc::io_error, fmt::format("making directory {}: {}", path.string(), error.message()));
  struct stat found{};
  const bool is_ours_to_give =
      stat(path.c_str(), &found) == 0 && found.st_uid == 0 && (is_new || fs::is_empty(path, error));
  if (!is_ours_to_give) return {};
  if (chown(path.c_str(), account.pw_uid, account.pw_gid) != 0) {
    return fail(Errc::permission_denied, fmt::format("giving {} to {}", path.string(), account.pw_name));
  }
  return {};
}

}  // namespace

Result<std::optional<uid_t>> find_os_user(const config::Config& config) {
  if (geteuid() != 0) return std::optional<uid_t>{};
  const passwd* account = getpwnam(config.os_user.c_str());
  if (account == nullptr) {
    return fail(Errc::not_found,
                fmt::format("os_user: there is no account '{}' on this host: create it (useradd --system {}) "
                            "or name another one",
                            config.os_user, config.os_user));
  }
  return std::optional{account->pw_uid};
}

Result<void> prepare_directories(const config::Config& config, std::optional<uid_t> user) {
  if (!user) return {};
  const passwd* entry = getpwuid(*user);
  if (entry == nullptr) return fail(Errc::not_found, fmt::format("no account has user id {}", *user));
  std::vector<fs::path> paths;
  if (!config.scope.empty()) paths.push_back(fs::path{config.data_root} / config.scope / config.name);
  if (config.has(config::Role::agent)) paths.push_back(fs::path{config.postgresql.data_dir}.parent_path());
  if (config.has(config::Role::etcd)) paths.push_back(fs::path{config.etcd_server.data_dir}.parent_path());
  if (!config.log.dir.empty()) paths.emplace_back(config.log.dir);
  for (const auto& path : paths) {
    if (path.empty()) continue;
    if (const auto given = give(path, *entry); !given) return given;
  }
  return {};
}

Result<void> check_readable(const std::string& file, std::optional<uid_t> user) {
  const passwd* entry = user ? getpwuid(*user) : nullptr;
  if (entry == nullptr || file.empty()) return {};
  // The only sure way to know, groups and access lists included, is to be that user for a moment.
  const gid_t own_group = getegid();
  if (initgroups(entry->pw_name, entry->pw_gid) != 0 || setegid(entry->pw_gid) != 0 || seteuid(*user) != 0) {
    return fail(Errc::permission_denied, fmt::format("becoming {}", entry->pw_name));
  }
  const bool is_readable = faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) == 0;
  const bool is_back = seteuid(0) == 0 && setegid(own_group) == 0 && initgroups("root", own_group) == 0;
  if (!is_back) return fail(Errc::internal, "becoming root again");
  if (is_readable) return {};
  return fail(Errc::permission_denied, fmt::format("{} runs the roles and can't read {}: chown {} {}",
                                                   entry->pw_name, file, entry->pw_name, file));
}

}  // namespace holdfast::cli
