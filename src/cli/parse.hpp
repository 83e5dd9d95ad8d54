#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/command.hpp"

namespace holdfast::cli {

struct Invocation {
  Style style = Style::holdfast;
  Common common;
  Command command;
};

// There is nothing to run: help or a complaint was asked for. `text` goes to standard output when `code` is
// 0, to standard error otherwise.
struct Answered {
  int code = 0;
  std::string text;
};

// `arguments` without the program's name. Reads PATRONICTL_CONFIG_FILE and DCS_URL; nothing else outside.
std::variant<Invocation, Answered> parse(Style style, std::vector<std::string> arguments);

// Every verb and option, for the shells' completion: read off the same declarations that parse() uses.
struct OptionInfo {
  std::vector<std::string> names;  // "-f", "--format"
  std::string help;
  bool takes_value = false;
  std::vector<std::string> values;  // the words that are allowed, when they are few
};
struct VerbInfo {
  std::string name;
  std::string help;
  std::vector<OptionInfo> options;
  std::vector<VerbInfo> verbs;
};
VerbInfo describe(Style style);

}  // namespace holdfast::cli
