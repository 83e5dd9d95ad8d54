#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/problems.hpp"

// The language of keepalived.conf(5): words and blocks, comments, quotes, `include`, `$NAME=value`, `@id`.
namespace holdfast::config {

struct KeepalivedFile {
  std::string path;
  std::string text;
};

// "vrrp_instance VI_1 { … }": its words, and the statements within its braces.
struct KeepalivedStatement {
  std::vector<std::string> words;
  std::vector<KeepalivedStatement> block;
  bool has_block = false;
  Origin origin;
};

// The files that `include PATTERN` in a file means, in the order of their names; none: no file matches.
using FindIncluded =
    std::function<Result<std::vector<KeepalivedFile>>(const std::string& pattern, const std::string& from)>;

struct KeepalivedOptions {
  std::string id;              // keepalived's -i: lines `@id …` are for it
  FindIncluded find_included;  // empty: `include` is an error
};

// What is wrong goes to `problems`, with file and line; then the statements are not to be used.
std::vector<KeepalivedStatement> parse_keepalived(const KeepalivedFile& file,
                                                  const KeepalivedOptions& options, Problems& problems);

}  // namespace holdfast::config
