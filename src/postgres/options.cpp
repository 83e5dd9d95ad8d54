#include "postgres/options.hpp"

#include <cstdlib>
#include <filesystem>

namespace holdfast::postgres {
namespace {

namespace fs = std::filesystem;

void drop_trailing_slashes(std::string& path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
}

// All of it: a folder of links to some of the programs (/usr/local/bin) is not enough.
bool holds_postgres(const fs::path& folder) {
  std::error_code ignored;
  for (const auto* name : {"postgres", "initdb", "pg_controldata", "pg_basebackup", "pg_rewind"}) {
    if (!fs::exists(folder / name, ignored)) return false;
  }
  return true;
}

// PATH first, as a person's shell would; then the newest that a Debian or PGDG package installed.
std::string find_bin_dir() {
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string folder = rest.substr(0, colon);
    if (!folder.empty() && holds_postgres(folder)) return folder;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  for (int major = 18; major >= 13; --major) {
    const auto number = std::to_string(major);
    for (const auto& folder : {"/usr/lib/postgresql/" + number + "/bin", "/usr/pgsql-" + number + "/bin"}) {
      if (holds_postgres(folder)) return folder;
    }
  }
  return "";
}

}  // namespace

Options resolved(Options options) {
  for (auto* path : {&options.data_dir, &options.config_dir, &options.bin_dir, &options.socket_dir}) {
    drop_trailing_slashes(*path);
  }
  const std::string parent = fs::path{options.data_dir}.parent_path().string();
  if (options.config_dir.empty()) options.config_dir = options.data_dir;
  if (options.bin_dir.empty()) options.bin_dir = find_bin_dir();
  if (options.passfile.empty()) options.passfile = parent + "/." + options.member + ".pgpass";
  if (options.log_file.empty()) options.log_file = parent + "/" + options.member + ".postgresql.log";
  return options;
}

}  // namespace holdfast::postgres
