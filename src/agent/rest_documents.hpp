#pragma once

#include <string>
#include <string_view>

#include "agent/rest_view.hpp"
#include "http/message.hpp"

namespace holdfast::agent::rest {

// The first segment of a path, by which requests are routed as in Patroni: "/config/x" is /config.
std::string_view segment_of(std::string_view path);

// The answer to GET, HEAD and OPTIONS. HEAD and OPTIONS get the status of the GET and no body. `own_metrics`
// is appended to Patroni's on /metrics.
http::Response answer_safe(const RestView& view, const http::Request& request,
                           const std::string& own_metrics);

http::Response text_response(int status, std::string text);

}  // namespace holdfast::agent::rest
