#include "postgres/data_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <vector>

#include "async/asio.hpp"
#include "base/duration.hpp"
#include "base/log.hpp"
#include "postgres/config_files.hpp"
#include "postgres/removal.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {
namespace {

namespace fs = std::filesystem;

std::string marker_path(const Options& options) {
  return options.data_dir + ".holdfast-work";
}

Inspection inaccessible(std::string advice) {
  return {.state = DirectoryState::inaccessible, .advice = std::move(advice)};
}

uid_t postgres_user(const Options& options) {
  return options.os_user.value_or(::geteuid());
}

Inspection inspect_absent(const Options& options) {
  std::error_code ignored;
  fs::path parent = fs::path{options.data_dir}.parent_path();
  while (!parent.empty() && !fs::exists(parent, ignored) && parent != parent.root_path())
    parent = parent.parent_path();
  if (::access(parent.c_str(), W_OK | X_OK) == 0) return {};
  return inaccessible(options.data_dir + " does not exist and " + parent.string() + " can't be written: " +
                      std::strerror(errno) + "; create the directory, or mount its disk");
}

// What PostgreSQL itself would refuse, in one sentence.
std::optional<Inspection> when_not_usable(const Options& options, const struct stat& about) {
  const std::string& path = options.data_dir;
  if (!S_ISDIR(about.st_mode))
    return inaccessible(path + " is not a directory; set postgresql.data_dir to one");
  if (about.st_uid != postgres_user(options)) {
    return inaccessible(fmt::format("{} belongs to user id {}, PostgreSQL runs as {}; chown it", path,
                                    about.st_uid, postgres_user(options)));
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return inaccessible(path + " can't be read and written: " + std::strerror(errno) +
                        "; repair its mode or its disk");
  }
  return {};
}

int major_of(const std::string& data_dir) {
  const auto text = read_text(data_dir + "/PG_VERSION");
  if (!text) return 0;
  const auto version = parse_version(*text);
  return version ? version->major() : 0;
}

Inspection incomplete(const Options& options, const std::string& work) {
  return {.state = DirectoryState::incomplete,
          .advice = options.data_dir + " was left by an interrupted " + work +
                    " and must not be started; clone it anew",
          .work = work};
}

Inspection inspect_filled(const Options& options, int major) {
  const std::string& path = options.data_dir;
  if (const auto marker = read_text(marker_path(options))) return incomplete(options, *marker);
  std::error_code ignored;
  if (!fs::exists(path + "/PG_VERSION", ignored)) {
    return {
        .state = DirectoryState::foreign,
        .advice = path + " holds files that are not a PostgreSQL cluster; empty it or set another data_dir"};
  }
  const int found = major_of(path);
  if (found == 0)
    return inaccessible(path + "/PG_VERSION can't be read; repair the directory or move it away");
  if (major != 0 && found != major) {
    return {.state = DirectoryState::wrong_version,
            .major = found,
            .advice = fmt::format(
                "{} is a cluster of PostgreSQL {}, the programs are {}; run pg_upgrade or set bin_dir", path,
                found, major)};
  }
  if (!fs::exists(path + "/global/pg_control", ignored)) return incomplete(options, "initdb or restore");
  return {.state = DirectoryState::valid, .major = found};
}

// The symbolic links that a data directory may hold to other disks: pg_wal and the tablespaces.
std::vector<fs::path> links_of(const fs::path& data_dir) {
  std::vector<fs::path> links;
  std::error_code ignored;
  if (fs::is_symlink(data_dir / "pg_wal", ignored)) links.push_back(data_dir / "pg_wal");
  for (const auto& entry : fs::directory_iterator{data_dir / "pg_tblspc", ignored}) {
    if (fs::is_symlink(entry.path(), ignored)) links.push_back(entry.path());
  }
  return links;
}

void relink(const fs::path& link, const std::string& suffix) {
  const fs::path target = fs::read_symlink(link);
  const fs::path moved = target.string() + suffix;
  if (!fs::exists(target)) return;
  fs::rename(target, moved);
  fs::remove(link);
  fs::create_directory_symlink(moved, link);
}

std::string stamp() {
  std::string digits;
  for (const char c : print_iso(wall_now()).substr(0, 19)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

bool is_stamp(std::string_view text) {
  const auto digits = text.substr(0, 14);
  return digits.size() == 14 &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The directories of `reason` that are too many, each with what its links lead to. Only directories that we
// named, and per reason: a failed clone must not push out the commits of a diverged primary.
std::vector<std::string> outdated(const Options& options, const std::string& reason) {
  const fs::path data_dir{options.data_dir};
  const std::string prefix = data_dir.filename().string() + "." + reason + "-";
  std::vector<fs::path> kept;
  for (const auto& entry : fs::directory_iterator{data_dir.parent_path()}) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && is_stamp(std::string_view{name}.substr(prefix.size())))
      kept.push_back(entry.path());
  }
  std::sort(kept.rbegin(), kept.rend());
  std::vector<std::string> paths;
  for (std::size_t i = options.set_aside_keep; i < kept.size(); ++i) {
    const std::string suffix = kept[i].filename().string().substr(data_dir.filename().string().size());
    // The directory last: while it is there, an interrupted removal finds the links again. A target without
    // the suffix was not there to be renamed: what is there today belongs to the present directory.
    for (const auto& link : links_of(kept[i])) {
      auto target = fs::read_symlink(link).string();
      if (target.ends_with(suffix)) paths.push_back(std::move(target));
    }
    paths.push_back(kept[i].string());
  }
  return paths;
}

// Everything in the directory and in what its links lead to, which are kept: they may be mount points.
std::vector<std::string> contents_of(const fs::path& data_dir) {
  std::vector<std::string> paths;
  for (const auto& link : links_of(data_dir)) {
    for (const auto& entry : fs::directory_iterator{fs::canonical(link)}) paths.push_back(entry.path());
  }
  for (const auto& entry : fs::directory_iterator{data_dir}) paths.push_back(entry.path());
  return paths;
}

tl::unexpected<Error> failed(const std::string& doing, const fs::filesystem_error& error) {
  return async::fail_with(doing, boost::system::error_code{error.code()});
}

}  // namespace

std::string_view to_string(DirectoryState state) {
  switch (state) {
    case DirectoryState::empty:
      return "empty";
    case DirectoryState::valid:
      return "valid";
    case DirectoryState::incomplete:
      return "incomplete";
    case DirectoryState::foreign:
      return "foreign";
    case DirectoryState::wrong_version:
      return "wrong version";
    case DirectoryState::inaccessible:
      return "inaccessible";
  }
  return "unknown";
}

Inspection inspect_directory(const Options& options, int major) {
  struct stat about{};
  if (::stat(options.data_dir.c_str(), &about) != 0) {
    if (errno == ENOENT) return inspect_absent(options);
    return inaccessible(options.data_dir + ": " + std::strerror(errno) +
                        "; repair the disk or the permissions");
  }
  if (auto unusable = when_not_usable(options, about)) return *unusable;
  std::error_code failure;
  const fs::directory_iterator entries{options.data_dir, failure};
  if (failure) return inaccessible(options.data_dir + ": " + failure.message() + "; repair the disk");
  if (entries == fs::directory_iterator{}) return {};
  return inspect_filled(options, major);
}

Result<void> begin_work(const Options& options, const std::string& work) {
  std::error_code failure;
  fs::create_directories(fs::path{options.data_dir}.parent_path(), failure);
  auto written = write_atomically(options, marker_path(options), work);
  if (!written) return fail("announcing the " + work, written.error());
  return {};
}

Result<void> end_work(const Options& options) {
  const std::string marker = marker_path(options);
  if (::unlink(marker.c_str()) != 0 && errno != ENOENT)
    return async::fail_with_errno("removing " + marker, errno);
  return sync_folder(fs::path{marker}.parent_path().string());
}

namespace {

Result<std::string> move_away(const Options& options, const std::string& reason) {
  const std::string suffix = "." + reason + "-" + stamp();
  const std::string moved = options.data_dir + suffix;
  std::error_code ignored;
  if (!fs::exists(options.data_dir, ignored)) return std::string{};
  try {
    fs::rename(options.data_dir, moved);
    for (const auto& link : links_of(moved)) relink(link, suffix);
  } catch (const fs::filesystem_error& error) {
    return failed("setting " + options.data_dir + " aside", error);
  }
  if (auto ended = end_work(options); !ended) return tl::unexpected(ended.error());
  return moved;
}

Result<std::vector<std::string>> list(const std::string& doing,
                                      const std::function<std::vector<std::string>()>& look) {
  try {
    return look();
  } catch (const fs::filesystem_error& error) {
    return failed(doing, error);
  }
}

}  // namespace

awaitable<Result<std::string>> set_aside(Options options, std::string reason) {
  auto moved = move_away(options, reason);
  if (!moved || moved->empty()) co_return moved;
  auto old = list("looking for older directories", [&] { return outdated(options, reason); });
  Result<void> removed;
  if (old) {
    removed = co_await remove_paths(options, *std::move(old));
  } else {
    removed = tl::unexpected(old.error());
  }
  if (!removed) {
    log::warn("a directory that was set aside long ago is still there",
              {{"beside", options.data_dir}, {"error", removed.error()}});
  }
  co_return moved;
}

awaitable<Result<void>> remove_contents(Options options) {
  const std::string doing = "emptying " + options.data_dir;
  auto paths = list(doing, [&] { return contents_of(options.data_dir); });
  if (!paths) co_return tl::unexpected(paths.error());
  auto removed = co_await remove_paths(options, *std::move(paths));
  if (!removed) co_return fail(doing, removed.error());
  co_return removed;
}

}  // namespace holdfast::postgres
