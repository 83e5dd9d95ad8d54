#include "cli/table.hpp"

#include <algorithm>

#include "cli/text.hpp"
#include "cli/yaml.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

using Lines = std::vector<std::string>;

// A table whose cells are lines of text already.
struct Grid {
  Lines heads;
  std::vector<bool> right;
  std::vector<std::vector<Lines>> rows;
  std::vector<std::size_t> widths;
};

std::string cell_text(const json::value& cell, bool one_line) {
  if (cell.is_object()) return cell.as_object().empty() ? "" : strip(print_yaml(cell, one_line));
  return plain_text(cell);
}

Grid make_grid(const Table& table) {
  Grid grid;
  for (const auto& column : table.columns) {
    if (!column.is_pretty) continue;
    grid.heads.push_back(column.head.empty() ? column.name : column.head);
    grid.right.push_back(column.is_right);
    grid.widths.push_back(width_of(grid.heads.back()));
  }
  for (const auto& row : table.rows) {
    auto& cells = grid.rows.emplace_back();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (!table.columns[i].is_pretty) continue;
      cells.push_back(split_lines(cell_text(row[i], false)));
      auto& width = grid.widths[cells.size() - 1];
      for (const auto& line : cells.back()) width = std::max(width, width_of(line));
    }
  }
  return grid;
}

std::string border(const Grid& grid) {
  std::string line = "+";
  for (const auto width : grid.widths) line += std::string(width + 2, '-') + "+";
  return line;
}

// The title replaces the border's beginning, and is cut rather than let stand out.
std::string titled_border(const Grid& grid, std::string_view title) {
  std::string line = border(grid);
  if (line.size() < 3) return line;
  // Counted in characters, not bytes: a title of other letters would shift the corner.
  const auto fitting = first_characters(title, line.size() - 2);
  return "+" + std::string{fitting} + line.substr(1 + width_of(fitting));
}

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::string space(width - width_of(text), ' ');
  return right ? space + std::string{text} : std::string{text} + space;
}

void add_row(const Grid& grid, const std::vector<Lines>& cells, std::string& out) {
  std::size_t height = 1;
  for (const auto& lines : cells) height = std::max(height, lines.size());
  for (std::size_t line = 0; line < height; ++line) {
    out += "|";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string_view text =
          line < cells[i].size() ? std::string_view{cells[i][line]} : std::string_view{};
      out += " " + padded(text, grid.widths[i], grid.right[i]) + " |";
    }
    out += "\n";
  }
}

std::string print_pretty(const Table& table) {
  const Grid grid = make_grid(table);
  const auto is_tall = [](const auto& row) {
    return std::ranges::any_of(row, [](const Lines& cell) { return cell.size() > 1; });
  };
  const bool rules_between = std::ranges::any_of(grid.rows, is_tall);
  std::string out = titled_border(grid, table.title) + "\n";
  std::vector<Lines> heads;
  for (const auto& head : grid.heads) heads.push_back({head});
  add_row(grid, heads, out);
  out += border(grid) + "\n";
  for (const auto& row : grid.rows) {
    add_row(grid, row, out);
    if (rules_between) out += border(grid) + "\n";
  }
  if (!rules_between) out += border(grid) + "\n";
  return out;
}

std::string print_tsv(const Table& table, std::string_view delimiter) {
  std::string out;
  const auto add = [&](const Lines& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? "" : std::string{delimiter}) + cells[i];
    out += "\n";
  };
  Lines heads;
  for (const auto& column : table.columns) heads.push_back(column.name);
  if (!heads.empty()) add(heads);
  for (const auto& row : table.rows) {
    Lines cells;
    for (const auto& cell : row) cells.push_back(cell_text(cell, true));
    add(cells);
  }
  return out;
}

bool is_empty(const json::value& cell) {
  return cell.is_null() || (cell.is_string() && cell.as_string().empty());
}

json::array as_objects(const Table& table) {
  json::array objects;
  for (const auto& row : table.rows) {
    json::object object;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!table.omits_empty || !is_empty(row[i])) object[table.columns[i].name] = row[i];
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

}  // namespace

std::string print_table(const Table& table, Format format, std::string_view delimiter) {
  switch (format) {
    case Format::tsv:
      return print_tsv(table, delimiter);
    case Format::json:
      return print_spaced_json(as_objects(table)) + "\n";
    case Format::yaml:
      return print_yaml(as_objects(table)) + "\n";
    case Format::pretty:
    case Format::topology:
      return print_pretty(table);
  }
  return {};
}

}  // namespace holdfast::cli
