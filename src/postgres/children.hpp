#pragma once

#include "async/child_process.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

// How one of PostgreSQL's programs is run: as the right user, speaking English, with our passfile.
inline async::ChildOptions child_of(const Options& options, std::vector<std::string> argv) {
  async::ChildOptions child;
  child.argv = std::move(argv);
  child.env = {{"LC_ALL", "C"}, {"PGPASSFILE", options.passfile}};
  child.directory = "/";
  child.user = options.os_user;
  return child;
}

// The last non-empty lines of a program's output, for an error message.
inline std::string last_lines(const std::string& text, std::size_t lines_max = 3) {
  std::string tail;
  std::size_t end = text.find_last_not_of('\n');
  for (std::size_t lines = 0; end != std::string::npos && lines < lines_max; ++lines) {
    const auto start = text.rfind('\n', end);
    const auto from = start == std::string::npos ? 0 : start + 1;
    tail = text.substr(from, end - from + 1) + (tail.empty() ? "" : "; ") + tail;
    if (start == std::string::npos) break;
    end = text.find_last_not_of('\n', start);
  }
  return tail;
}

}  // namespace holdfast::postgres
