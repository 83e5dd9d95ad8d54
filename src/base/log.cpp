#include "base/log.hpp"

#include <fmt/chrono.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace holdfast::log {
namespace {

struct State {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
  std::string process;
};

spdlog::level::level_enum native(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> to_stderr() {
  auto logger =
      std::make_shared<spdlog::logger>("holdfast", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v", spdlog::pattern_time_type::utc);
  return logger;
}

State& state() {
  static State instance{to_stderr(), false, {}};
  return instance;
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \t\r\n\"=\\") != std::string_view::npos;
}

// Quotes and control characters escaped, so that one event stays one line whatever a peer sent us.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
}

std::string json_line(Level level, std::string_view event, Fields fields) {
  std::string line =
      fmt::format(R"({{"time":"{:%Y-%m-%dT%H:%M:%S}","level":"{}","message":")",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())),
                  spdlog::level::to_string_view(native(level)));
  append_escaped(line, event);
  line += '"';
  for (const auto& field : fields) {
    line += ",\"";
    append_escaped(line, field.key);
    line += "\":\"";
    append_escaped(line, field.value);
    line += '"';
  }
  if (!state().process.empty()) {
    line += ",\"role\":\"";
    append_escaped(line, state().process);
    line += '"';
  }
  return line + "}";
}

}  // namespace

void configure(const Options& options) {
  auto& current = state();
  if (options.directory.empty()) {
    current.logger = to_stderr();
  } else {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.directory + "/" + options.file_name, options.file_bytes_max, options.files_max);
    current.logger = std::make_shared<spdlog::logger>("holdfast", std::move(sink));
    current.logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v", spdlog::pattern_time_type::utc);
  }
  current.json = options.json;
  if (options.json) current.logger->set_pattern("%v");
  current.process = options.process;
  current.logger->flush_on(spdlog::level::debug);
  current.logger->set_level(native(options.level));
}

void set_level(Level level) {
  state().logger->set_level(native(level));
}

Result<Level> parse_level(std::string_view text) {
  if (text == "DEBUG") return Level::debug;
  if (text == "INFO") return Level::info;
  if (text == "WARNING" || text == "WARN") return Level::warn;
  if (text == "ERROR" || text == "CRITICAL") return Level::error;
  return fail(Errc::invalid_argument,
              fmt::format("'{}' is not a log level (allowed: DEBUG, INFO, WARNING, ERROR, CRITICAL)", text));
}

std::string print_line(std::string_view event, Fields fields) {
  std::string line{event};
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (needs_quotes(field.value)) {
      line += '"';
      append_escaped(line, field.value);
      line += '"';
    } else {
      line += field.value;
    }
  }
  return line;
}

void write(Level level, std::string_view event, Fields fields) {
  auto& current = state();
  if (!current.logger->should_log(native(level))) return;
  std::string line = current.json ? json_line(level, event, fields) : print_line(event, fields);
  if (!current.json && !current.process.empty()) line = "[" + current.process + "] " + line;
  current.logger->log(native(level), spdlog::string_view_t{line});
}

}  // namespace holdfast::log
