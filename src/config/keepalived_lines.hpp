#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/keepalived_text.hpp"

namespace holdfast::config {

// A line with its includes, conditions and parameters resolved.
struct KeepalivedLine {
  std::string text;
  Origin origin;
};

// The first of the two passes over keepalived's language, line by line. Bounded in depth and size: parameters
// may name each other.
class KeepalivedLines {
 public:
  KeepalivedLines(const KeepalivedOptions& options, Problems& problems)
      : options_{options}, problems_{problems} {}

  void read(const KeepalivedFile& file, int depth = 0);
  std::vector<KeepalivedLine> take() && { return std::move(lines_); }

 private:
  void take_line(std::string text, const Origin& origin, int depth);
  void take_conditional(std::string_view text, const Origin& origin, int depth);
  bool take_definition(std::string_view text);
  bool take_include(std::string_view text, const Origin& origin, int depth);
  bool substitute(std::string& text, const Origin& origin) const;
  const std::string* find_parameter(const std::string& name) const;
  bool is_too_much(std::size_t bytes, const Origin& origin, int depth);

  const KeepalivedOptions& options_;
  Problems& problems_;
  std::vector<KeepalivedLine> lines_;
  std::map<std::string, std::string> parameters_;
  std::size_t taken_bytes_ = 0;
  int skipped_braces_ = 0;  // of a block whose first line is for another host
  bool has_failed_ = false;
};

}  // namespace holdfast::config
