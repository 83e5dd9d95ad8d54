#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace holdfast::cli {

// Columns and rows as verbs make them; a cell is text, a number, null (shown as nothing) or an object.
struct Table {
  struct Column {
    std::string name;       // key in JSON and YAML, head in TSV
    std::string head;       // head in the pretty form; empty: `name`
    bool is_right = false;  // aligned to the right
    bool is_pretty = true;  // false: only in the machine-readable forms
    bool operator==(const Column&) const = default;
  };
  std::string title;  // stands in the upper border: " Cluster: demo (7412) "
  std::vector<Column> columns;
  std::vector<std::vector<boost::json::value>> rows;
  bool omits_empty = false;  // JSON and YAML leave out cells that are empty, as `patronictl list` does
};

// The text of a table, its last line break included. Every form is what patronictl prints, byte by byte.
std::string print_table(const Table& table, Format format, std::string_view delimiter = "\t");

}  // namespace holdfast::cli
