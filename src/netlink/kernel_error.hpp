#pragma once

#include <string>

#include "base/result.hpp"

namespace holdfast::netlink {

// What the kernel answered, as a failure of ours: its error number, and its own words (extended ACK) if it
// had any. permission_denied says what is missing and how it is granted.
tl::unexpected<Error> fail_with_kernel(const std::string& doing, int error_number,
                                       const std::string& words = {});

}  // namespace holdfast::netlink
