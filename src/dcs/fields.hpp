#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/lsn.hpp"

// Taking known fields out of a JSON object, so that what is left are the unknown ones. A field of the wrong
// type stays, as unknown. Inside dcs/ only.
namespace holdfast::dcs {

struct Member;
Member take_member(boost::json::object fields);

boost::json::value print_integer(std::uint64_t number);  // signed where it fits: prints and compares alike

std::string take_text(boost::json::object& fields, const char* name);  // absent: empty
std::optional<bool> take_bool(boost::json::object& fields, const char* name);
std::optional<std::int64_t> take_integer(boost::json::object& fields, const char* name);
std::optional<boost::json::object> take_object(boost::json::object& fields, const char* name);
std::optional<Lsn> take_lsn(boost::json::object& fields, const char* name);  // a non-negative integer

std::optional<std::int64_t> integer_of(const boost::json::value& value);

}  // namespace holdfast::dcs
