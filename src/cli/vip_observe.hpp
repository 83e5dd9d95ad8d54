#pragma once

#include "cli/vip_health.hpp"
#include "config/config.hpp"
#include "http/message.hpp"

namespace holdfast::cli {

// Whom to ask: every one of `nodes` with the role vip, else this host where it serves vip.stats.listen.
std::vector<VipHost> vip_hosts_of(const config::Config& config);

// GET /vip of that host; no answer is part of what is found.
void add_answer(VipHost& host, const Result<http::Response>& answer);

}  // namespace holdfast::cli
