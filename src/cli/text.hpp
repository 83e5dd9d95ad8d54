#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"

// Small texts that verbs share.
namespace holdfast::cli {

std::size_t width_of(std::string_view text);  // characters of UTF-8 text
std::string_view first_characters(std::string_view text, std::size_t count);
std::vector<std::string> split_lines(std::string_view text);  // at least one line
std::string strip(std::string_view text);                     // without white space around it
std::string join(const std::vector<std::string>& words, std::string_view separator);

std::string plain_text(const boost::json::value& value);  // "5", "text", "" for null
// As Python's json.dumps: ", " and ": " between, ASCII only.
std::string print_spaced_json(const boost::json::value& value);

std::string local_time(WallInstant when);       // "2026-01-14 10:09:57"
std::string local_time_fine(WallInstant when);  // "2026-01-14 10:09:57.12300", as patronictl's
// As Python's isoformat(): "2026-01-14T10:09:57+00:00", the fraction only when there is one.
std::string print_isoformat(WallInstant when);
std::string python_list(const std::vector<std::string>& words);  // "['pg2', 'pg3']"

}  // namespace holdfast::cli
