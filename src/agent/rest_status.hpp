#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "agent/rest_view.hpp"

// The JSON documents of the REST API, with Patroni's fields.
namespace holdfast::agent::rest {

boost::json::object status_document(const RestView& view);   // GET /patroni and every health check
boost::json::object cluster_document(const RestView& view);  // GET /cluster
boost::json::array history_document(const RestView& view);   // GET /history

// "2026-01-14 10:09:57.123000+00:00", as Python's str(datetime): the form of /patroni's times.
std::string print_python_time(WallInstant when);

// What the documents are printed with: Python's json.dumps with its blanks, ASCII only.
std::string print_document(const boost::json::value& value);

}  // namespace holdfast::agent::rest
