#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast::cli {

// Keys in order, two spaces a level, lists not indented: what `patronictl show-config` prints (PyYAML's
// safe_dump). `one_line`: "{clonefrom: true, nofailover: false}".
std::string print_yaml(const boost::json::value& value, bool one_line = false);

// Plain scalars become numbers, booleans and null as in YAML 1.1 (on, off, yes, no included), since that is
// what Patroni's members would read. Errc::invalid_argument names what is wrong and where.
Result<boost::json::value> parse_yaml(std::string_view text, const std::string& file);

}  // namespace holdfast::cli
