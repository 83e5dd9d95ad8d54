#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace holdfast::demo {

struct Options {
  std::string data;     // empty: default_data(), or a temporary directory for --check
  std::string network;  // empty: the data's, or 127.0.77
  bool check = false;
  bool fresh = false;
  bool keep = false;  // --check: leave data and logs there even on success
  bool help = false;
  std::string html;  // --check: write the report there
  std::string json;
};

// Errc::invalid_argument says what is wrong.
Result<Options> parse_options(const std::vector<std::string>& arguments);
std::string print_help();

// /var/lib/holdfast-demo as root, else under XDG_STATE_HOME or ~/.local/state.
std::string default_data();

}  // namespace holdfast::demo
