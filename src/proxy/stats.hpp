#pragma once

#include <string>
#include <vector>

#include "http/message.hpp"
#include "proxy/ledger.hpp"

namespace holdfast::proxy {

// Everything that the stats pages are made of.
struct Facts {
  std::string name;
  std::string scope;
  BootInstant now{};
  BootInstant started_at{};
  bool is_draining = false;
  bool is_polled = false;
  const Snapshot* snapshot = nullptr;
  const Ledger* ledger = nullptr;
  std::vector<std::uint16_t> ports;
};

// HAProxy's statistics (`show stat`, HAProxy management guide, 9.1): a FRONTEND row, a row a server, a
// BACKEND row for each listener.
std::string print_csv(const Facts& facts);
// Prometheus text: HAProxy's names where dashboards use them, ours beside them.
std::string print_metrics(const Facts& facts);
// What `holdfast status` reads: gate, servers, listeners, who waits.
std::string print_status(const Facts& facts);

// GET /metrics, /;csv, /stats;csv, /status, /health.
http::Response answer_stats(const http::Request& request, const Facts& facts);

}  // namespace holdfast::proxy
