#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "config/import_keepalived.hpp"
#include "config/load.hpp"

// A keepalived.conf of any kind is refused with words, or becomes a section that our own loader takes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::config;
  const KeepalivedFile file{"fuzz.conf", {reinterpret_cast<const char*>(data), size}};
  const auto imported = import_keepalived(file, {.id = "lb1", .find_included = {}});
  if (!imported) {
    CHECK(!imported.error().context.empty());
    return 0;
  }
  const auto loaded = load_text("scope: s\n" + imported->yaml, "fuzz.yml", {.host = {"lb1", {}}});
  CHECK(loaded.has_value());
  CHECK(!loaded->config.vip.vrrp_instance.empty());
  return 0;
}
