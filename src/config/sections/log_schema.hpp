#pragma once

#include "config/sections/log.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

template <>
struct Words<LogType> {
  static constexpr std::array table{std::pair{"plain", LogType::plain}, std::pair{"json", LogType::json}};
};

template <>
struct Schema<LogConfig> {
  static constexpr std::tuple entries{
      Field{
          .key = "type", .member = &LogConfig::type, .help = "Form of a log line.", .apply = Apply::restart},
      Field{.key = "level", .member = &LogConfig::level, .help = "Least severe level that is written."},
      Field{.key = "dir",
            .member = &LogConfig::dir,
            .help = "Directory of log files; empty: standard error.",
            .apply = Apply::restart},
      Field{.key = "file_size",
            .member = &LogConfig::file_size,
            .help = "Size at which a log file is rotated.",
            .min = ByteSize{4096},
            .apply = Apply::restart},
      Field{.key = "file_num",
            .member = &LogConfig::file_num,
            .help = "Rotated log files that are kept.",
            .min = 0,
            .max = 1000,
            .apply = Apply::restart},
      Unused{"traceback_level", "Patroni: level from which tracebacks are written."},
      Unused{"format", "Patroni: format of Python's logging."},
      Unused{"dateformat", "Patroni: format of time stamps."},
      Unused{"static_fields", "Patroni: fields added to every JSON line."},
      Unused{"max_queue_size", "Patroni: bound of the log queue."},
      Unused{"mode", "Patroni: permissions of log files."},
      Unused{"loggers", "Patroni: levels of Python modules."},
      Unused{"deduplicate_heartbeat_logs",
             "Patroni: skip repeated heartbeat lines; here only changes are logged."}};
};

}  // namespace holdfast::config
