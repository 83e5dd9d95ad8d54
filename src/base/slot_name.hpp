#pragma once

#include <string>
#include <string_view>

namespace holdfast {

// The replication slot of a member: Patroni's slot_name_from_member_name (patroni/dcs/__init__.py), so that a
// mixed cluster agrees on it. Lower case, '-' and '.' to '_', others to u%04d of the code point, cut to 63.
// A byte that is not valid UTF-8 counts as itself. Several names may become one slot.
std::string slot_name_of(std::string_view member_name);

}  // namespace holdfast
