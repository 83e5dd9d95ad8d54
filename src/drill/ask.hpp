#pragma once

#include <string>
#include <vector>

#include "drill/connection.hpp"

namespace holdfast::drill {

// Connects, asks, and lets go; at each address in turn until one answers or `limit` has passed.
awaitable<Result<std::vector<Row>>> ask_any(std::vector<Address> addresses, Login login, std::string sql,
                                            nanoseconds limit);

}  // namespace holdfast::drill
