#pragma once

namespace holdfast {

inline constexpr const char* version = "0.1.0";
// What member records and REST answers give as "version", parseable and new enough for Patroni peers
// (patroni-dcs 2.4).
inline constexpr const char* patroni_version = "4.1.4";

}  // namespace holdfast
