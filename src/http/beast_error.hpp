#pragma once

#include <boost/system/error_code.hpp>

#include "base/result.hpp"

namespace holdfast::http {

// What Beast's parsers report. Included by the two parser files only.
tl::unexpected<Error> parse_failure(const boost::system::error_code& code, bool in_header);

}  // namespace holdfast::http
