#pragma once

#include "base/log.hpp"
#include "config/values.hpp"

namespace holdfast::config {

enum class LogType { plain, json };

// `log`: names and meanings as in Patroni.
struct LogConfig {
  LogType type = LogType::plain;
  log::Level level = log::Level::info;
  std::string dir;  // empty: standard error
  ByteSize file_size{25'000'000};
  int file_num = 4;

  bool operator==(const LogConfig&) const = default;
};

}  // namespace holdfast::config
