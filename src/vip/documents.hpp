#pragma once

#include <string>

#include "http/message.hpp"
#include "vip/speaker.hpp"

// What is seen of the role from outside.
namespace holdfast::vip {

// GET /vip: every virtual router with its state, since when and why, its priority and what makes it, who was
// heard last, counters, and the transitions that are still remembered. Shape: docs/guide.
std::string print_document(const Speaker& speaker);
// GET /keepalived.json: what keepalived writes at SIGRTMIN+2, for tools that read it.
std::string print_keepalived_json(const Speaker& speaker);
// GET /metrics: keepalived-exporter's names, ours beside them.
std::string print_metrics(const Speaker& speaker);

http::Response answer(const http::Request& request, const Speaker& speaker);

}  // namespace holdfast::vip
