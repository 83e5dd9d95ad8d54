#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "http/client.hpp"

namespace holdfast::cli {

// GET of all at the same time, so that one dead host costs one deadline only. Runs `loop` until the last has
// answered or has not; answers are in the order of `urls`.
std::vector<Result<http::Response>> ask_all(asio::io_context& loop, http::Client& client,
                                            const std::vector<std::string>& urls, milliseconds limit);

// The answer's document; nullopt: `silence` says why there is none.
std::optional<boost::json::object> document_of(const Result<http::Response>& answer, std::string& silence);

// Where a role's page is asked for: `host` may be what it listens on, "*" too.
std::string stats_url(std::string host, int port, std::string_view path);

}  // namespace holdfast::cli
