// The start-up bytes of a client that is about to be refused, in two pieces.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "route/refusal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using holdfast::route::Refusal;
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
  const auto cut = data[0] % (bytes.size() + 1);
  const auto error = holdfast::route::print_fatal(holdfast::route::cannot_connect_now, "no primary");

  Refusal whole{error};
  const auto at_once = whole.on_bytes(bytes);
  Refusal pieces{error};
  auto said = pieces.on_bytes(bytes.substr(0, cut));
  if (!said.done) {
    const auto rest = pieces.on_bytes(bytes.substr(cut));
    said = {.write = said.write + rest.write, .done = rest.done};
  }
  if (at_once != said) std::abort();
  if (at_once.write.size() > error.size() + 2) std::abort();
  return 0;
}
