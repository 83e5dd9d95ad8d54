#include <cstdint>
#include <string_view>

#include "postgres/base_backup.hpp"
#include "postgres/control_data.hpp"
#include "postgres/process.hpp"
#include "postgres/version.hpp"

// What PostgreSQL's programs print, cut and garbled in any way, never does more than fail to parse.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  if (const auto control = holdfast::postgres::parse_control_data(text)) {
    if (control->system_identifier.empty() || control->timeline == 0) __builtin_trap();
  }
  if (const auto file = holdfast::postgres::parse_pid_file(text)) {
    if (file->pid <= 1) __builtin_trap();
  }
  const auto progress = holdfast::postgres::parse_clone_progress(text);
  const auto version = holdfast::postgres::parse_version(text);
  (void)progress;
  (void)version;
  return 0;
}
