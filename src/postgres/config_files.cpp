#include "postgres/config_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "async/asio.hpp"

namespace holdfast::postgres {
namespace {

namespace fs = std::filesystem;

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return async::fail_with_errno("removing " + path, errno);
}

// The user's, initdb's or the packaged file is kept and included, so nothing that it says is lost.
Result<void> keep_original(const Options& options) {
  const std::string original = options.config_dir + "/postgresql.conf";
  const std::string base = options.config_dir + "/postgresql.base.conf";
  std::error_code ignored;
  if (!options.custom_conf.empty() || fs::exists(base, ignored)) return {};
  if (!fs::exists(original, ignored)) {
    auto written = write_atomically(options, base, "");
    if (!written) return tl::unexpected(written.error());
    return {};
  }
  if (::rename(original.c_str(), base.c_str()) != 0)
    return async::fail_with_errno("keeping " + original, errno);
  return {};
}

Result<bool> write_auto_conf(const Options& options) {
  const std::string path = options.data_dir + "/postgresql.auto.conf";
  const auto text = read_text(path);
  if (!text && text.error().code == Errc::not_found) return false;
  if (!text) return tl::unexpected(text.error());
  return write_atomically(options, path, strip_auto_conf(*text));
}

Result<void> write_signal_files(const Options& options, Role role) {
  const std::string standby = options.data_dir + "/standby.signal";
  if (auto removed = remove_file(options.data_dir + "/recovery.signal"); !removed) return removed;
  if (role == Role::primary) return remove_file(standby);
  auto written = write_atomically(options, standby, "");
  if (!written) return tl::unexpected(written.error());
  return {};
}

std::string ident_text(const Options& options) {
  std::string text;
  for (const auto& entry : options.pg_ident) text += entry + "\n";
  return text;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// pg_ident.conf is left alone unless the configuration has lines for it: HBA lines of the user may refer to
// it.
bool wants_ident(const Options& options) {
  return !options.pg_ident.empty() || !exists(options.config_dir + "/pg_ident.conf");
}

}  // namespace

Result<Written> write_config_files(const Options& options, Version version,
                                   const std::set<std::string>& known, const Desired& desired) {
  if (auto kept = keep_original(options); !kept) return tl::unexpected(kept.error());
  Checked checked = check_parameters(options, version, known);
  Written outcome{.dropped = std::move(checked.dropped)};
  // The command line decides about the controlled ones; in the file, too, since PostgreSQL calls any other
  // value there (initdb's max_connections) a pending restart.
  const auto controlled = controlled_parameters(options, version, desired.role, {});
  checked.parameters.insert(controlled.parameters.begin(), controlled.parameters.end());
  std::vector<std::pair<std::string, std::string>> files{
      {options.passfile, render_passfile(options)},
      {options.config_dir + "/pg_hba.conf", render_pg_hba(options)},
      {options.config_dir + "/postgresql.conf",
       render_postgresql_conf(options, version, checked.parameters, desired)},
  };
  if (wants_ident(options)) files.emplace_back(options.config_dir + "/pg_ident.conf", ident_text(options));
  for (const auto& [path, text] : files) {
    auto written = write_atomically(options, path, text);
    if (!written) return tl::unexpected(written.error());
    outcome.changed = outcome.changed || *written;
  }
  auto stripped = write_auto_conf(options);
  if (!stripped) return tl::unexpected(stripped.error());
  outcome.changed = outcome.changed || *stripped;
  if (auto marked = write_signal_files(options, desired.role); !marked) return tl::unexpected(marked.error());
  return outcome;
}

}  // namespace holdfast::postgres
