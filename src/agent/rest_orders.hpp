#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "agent/rest_operations.hpp"
#include "agent/rest_view.hpp"
#include "http/message.hpp"

// Reads and checks the bodies of unsafe requests, with Patroni's refusals. Pure.
namespace holdfast::agent::rest {

template <class Order>
using Checked = tl::expected<Order, Answer>;  // the order, or the answer that refuses it

enum class Body { required, optional };

// 411: no body; 400: not a JSON object, or an empty one where it is required.
Checked<boost::json::object> read_body(const http::Request& request, Body body);

// `action` is "switchover" or "failover"; a failover that names a leader is a switchover.
Checked<SwitchoverOrder> read_switchover(const boost::json::object& body, const std::string& action,
                                         const RestView& view);
Checked<RestartOrder> read_restart(const boost::json::object& body, const RestView& view);
ReinitializeOrder read_reinitialize(const boost::json::object& body);
Checked<FailsafeAnnouncement> read_failsafe(const boost::json::object& body);

// The members among which a good candidate must be found for this order, or the 412 that says why there are
// none.
Checked<std::vector<std::string>> candidates_for(const SwitchoverOrder& order, const RestView& view);
std::string no_good_candidates_text(const SwitchoverOrder& order);

}  // namespace holdfast::agent::rest
