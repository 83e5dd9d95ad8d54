#pragma once

#include <string>

#include "agent/rest_view.hpp"

namespace holdfast::agent::rest {

// Patroni's metrics in Prometheus' text format, labels scope and name.
std::string print_patroni_metrics(const RestView& view);

// The number that patroni_postgres_state gives to a state word; -1: unknown.
int number_of_state(std::string_view state);

}  // namespace holdfast::agent::rest
