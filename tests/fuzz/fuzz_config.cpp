#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "config/dynamic.hpp"
#include "config/load.hpp"
#include "config/show.hpp"

// Configuration text of any kind is read or refused with words; what was read can be shown and read again.
// The DCS key `config` comes from whoever can write to etcd.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::config;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  // Files that a document names would be read: not from a fuzzer.
  if (text.find("file") != std::string_view::npos) return 0;
  const LoadRequest request{.host = {"pg1", {}}};
  const auto loaded = load_text(text, "fuzz.yml", request);
  if (loaded) {
    dump(loaded->config);
    effective_postgresql(loaded->config, loaded->config.bootstrap.dcs);
  } else {
    CHECK(!loaded.error().context.empty());
  }
  if (const auto dynamic = parse_dynamic(text)) {
    CHECK(dynamic->loop_wait + 2 * dynamic->retry_timeout <= dynamic->ttl);
    CHECK(parse_json(print_json(dynamic->tree)).has_value());
  }
  return 0;
}
