#include "demo/cluster.hpp"

#include <filesystem>
#include <fstream>

#include "config/load.hpp"

namespace holdfast::demo {

drill::ProbeOptions load_options(const drill::Places& places) {
  return {.write_to = places.writes(),
          .read_from = places.reads(),
          .login = places.login,
          .table = "holdfast_demo_probe",
          .writers = 4,
          .readers = 2,
          .pace = 10ms};
}

Result<drill::Places> read_places(const Layout& layout) {
  auto loaded = config::load(config::request_for(layout.config_file(), database_nodes.front()));
  if (!loaded) return fail("reading the configuration just written", loaded.error());
  return drill::places_of(loaded->config);
}

std::string own_program() {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/exe", failed).string();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  file << text;
}

}  // namespace holdfast::demo
