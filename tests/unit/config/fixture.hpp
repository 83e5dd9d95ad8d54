#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"

namespace holdfast::config::test {

inline LoadRequest on_host(std::string hostname, StringList addresses = {}, StringMap environment = {}) {
  return {.environment = std::move(environment), .host = {std::move(hostname), std::move(addresses)}};
}

// A member written out in full, to which a test adds what it is about.
inline const std::string full_form = R"(scope: payments
name: pg1
etcd3: {hosts: "10.0.1.11:2379,10.0.1.12:2379"}
restapi: {listen: "10.0.1.11:8008"}
postgresql:
  listen: 10.0.1.11:5432
  data_dir: /data
)";

inline const std::string short_form = R"(scope: payments
passwords: {superuser: s3cret, replication: r3pl}
nodes:
  pg1: 10.0.1.11
  pg2: 10.0.1.12
  pg3: 10.0.1.13
  lb1: {host: 10.0.1.21, roles: [proxy]}
)";

inline Result<Loaded> load_yaml(const std::string& yaml, const LoadRequest& request = on_host("elsewhere")) {
  return load_text(yaml, "pg.yml", request);
}

// The configuration of a text that is expected to be right.
inline Config good(const std::string& yaml, const LoadRequest& request = on_host("elsewhere")) {
  auto loaded = load_yaml(yaml, request);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().context);
  return loaded ? std::move(loaded->config) : Config{};
}

// What is printed for a text that is expected to be wrong.
inline std::string problems_of(const std::string& yaml, const LoadRequest& request = on_host("elsewhere")) {
  const auto loaded = load_yaml(yaml, request);
  EXPECT_FALSE(loaded) << "it should have been refused:\n" << yaml;
  return loaded ? std::string{} : loaded.error().context;
}

inline std::string warnings_of(const std::string& yaml, const LoadRequest& request = on_host("elsewhere")) {
  const auto loaded = load_yaml(yaml, request);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().context);
  return loaded ? print_problems(loaded->warnings) : std::string{};
}

}  // namespace holdfast::config::test
