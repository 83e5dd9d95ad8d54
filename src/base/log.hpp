#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"

// One event, one line: a fixed lower-case sentence and key=value fields.
//   log::warn("etcd endpoint failed, trying the next", {{"endpoint", url}, {"error", error}});
// Levels: error = a human must act; warn = degraded, heals itself; info = change of state; debug = traffic.
namespace holdfast::log {

enum class Level { debug, info, warn, error, off };

struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view k, const Error& error) : key{k}, value{to_string(error)} {}
  Field(std::string_view k, milliseconds span) : key{k}, value{fmt::format("{}ms", span.count())} {}
  template <class T>
  Field(std::string_view k, const T& v) : key{k}, value{fmt::format("{}", v)} {}
};
using Fields = std::initializer_list<Field>;

struct Options {
  Level level = Level::info;
  bool json = false;      // `log.type: json`
  std::string directory;  // `log.dir`; empty: standard error (journald adds its own time stamps)
  std::string file_name = "holdfast.log";
  std::size_t file_bytes_max = 25'000'000;  // `log.file_size`
  std::size_t files_max = 4;                // `log.file_num`
  std::string process;                      // the `role=` field of every line: "agent pg1"
};

// Call once at start-up, before threads. Throws std::runtime_error when the directory can't be written.
void configure(const Options& options);
void set_level(Level level);
Result<Level> parse_level(std::string_view text);  // Patroni's names: DEBUG, INFO, WARNING, ERROR, CRITICAL

void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
  write(Level::error, event, fields);
}

// The line as `write` would print it after time and level: 'leader lock acquired member=pg1 epoch=17 why="the
// lock is free"'.
std::string print_line(std::string_view event, Fields fields);

}  // namespace holdfast::log
