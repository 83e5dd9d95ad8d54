#include <cstdint>
#include <cstdlib>
#include <string>

#include "heartbeat/message.hpp"

// Bytes from a peer, on both sides of the stream: no crash, and what is accepted prints and reads back the
// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace holdfast::heartbeat;
  std::string input{reinterpret_cast<const char*>(bytes), size};
  for (;;) {
    auto line = take_line(input);
    if (!line || !*line) return 0;
    (void)parse_question(**line);
    auto heartbeat = parse_heartbeat(**line);
    if (!heartbeat) continue;
    std::string printed = print_heartbeat(*heartbeat);
    if (printed.size() > line_bytes_max) std::abort();
    printed.pop_back();
    auto again = parse_heartbeat(printed);
    // Overlong texts are cut when printed, so a second printing is the one that must be stable.
    if (!again || print_heartbeat(*again) != printed + "\n") std::abort();
  }
}
