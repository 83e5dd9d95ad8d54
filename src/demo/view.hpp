#pragma once

#include <string>
#include <vector>

#include "drill/chronicle.hpp"
#include "drill/ledger.hpp"
#include "drill/observation.hpp"

// The live view as text: pure, so that it can be tested without a terminal.
namespace holdfast::demo {

struct NodeRow {
  std::string name;
  std::string address;
  enum class Life { running, frozen, dead } life = Life::running;
};

struct LoadRow {
  std::size_t rate = 0;  // acknowledged in the last second
  std::size_t total = 0;
  std::size_t errors = 0;
  nanoseconds since_last{};  // since the last acknowledgement
  nanoseconds last_gap{};    // of the last failure that was seen: the last gap over 100 ms
  nanoseconds longest_gap{};
};

struct Picture {
  drill::Observation seen;
  std::vector<NodeRow> nodes;
  LoadRow writes;
  LoadRow reads;
  std::vector<drill::Happening> happenings;  // the last ones, newest last
  BootInstant started{};
  std::string data;
  std::string connect;  // a psql command line
  std::string doing;    // what a key has begun; empty: nothing
  int width = 80;
  int height = 24;
};

// At most `height` lines, each at most `width` columns wide, with ANSI colours.
std::vector<std::string> draw(const Picture& picture);

// Columns that `text` takes on a terminal: escape sequences count nothing, UTF-8 sequences one.
std::size_t display_width(std::string_view text);
// Cut to `width` columns; colours are switched off at the end.
std::string fitted(const std::string& text, std::size_t width);

}  // namespace holdfast::demo
