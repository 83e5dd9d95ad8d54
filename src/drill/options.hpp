#pragma once

#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "drill/connection.hpp"

namespace holdfast::drill {

struct Options {
  std::string name;  // of the drill
  std::string config_file;
  std::string node;                // which of `nodes` this host is; needed by few
  std::vector<Address> write_to;   // --write HOST:PORT, several; empty: the proxies of the configuration
  std::vector<Address> read_from;  // --read HOST:PORT
  std::vector<std::string> hands;  // --hands "COMMAND ARG…"
  int writers = 8;
  int readers = 4;
  milliseconds pace = 10ms;
  milliseconds hold = 15s;      // how long what is frozen stays so
  milliseconds limit = 120s;    // to be whole again
  milliseconds minutes = 5min;  // of a storm
  std::uint64_t seed = 0;       // of a storm; 0: any
  bool mean = false;
  int repeat = 1;
  bool force = false;
  bool yes = false;
  bool list = false;
  bool help = false;
  std::string json;
  std::string html;

  bool is_storm() const { return name == "storm"; }
};

// Errc::invalid_argument says what is wrong.
Result<Options> parse_options(const std::vector<std::string>& arguments);
std::string print_help();
std::string print_list();

}  // namespace holdfast::drill
