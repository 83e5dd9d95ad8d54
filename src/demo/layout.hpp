#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "drill/places.hpp"
#include "drill/processes.hpp"

// The demo's cluster on paper: who is where, and the configuration that says so. Pure.
namespace holdfast::demo {

// Of the range for tests (RFC 2544), which no real network uses; on loopback addresses where a network of its
// own is not possible.
inline constexpr const char* own_network = "198.18.77";
inline constexpr const char* loopback_network = "127.0.77";

struct Layout {
  std::string data;     // everything lies below it
  std::string network;  // the first three numbers of every node's address; empty: the data's, or a default
  Secret superuser_password;
  Secret replication_password;

  // Each node in a network namespace, and a floating address between the proxies; else loopback addresses.
  bool has_own_network() const { return !network.starts_with("127."); }
  std::string floating_address() const { return has_own_network() ? network + ".10" : ""; }
  std::string config_file() const { return data + "/holdfast.yaml"; }
  std::string log_file(const std::string& node) const { return data + "/log/" + node + ".log"; }
};

inline const std::vector<std::string> database_nodes{"pg1", "pg2", "pg3"};
inline const std::vector<std::string> proxy_nodes{"lb1", "lb2"};
std::vector<std::string> all_nodes();
bool is_proxy(const std::string& node);

// NETWORK.11 to .13 for pg1 to pg3, .14 and .15 for lb1 and lb2.
std::string address_of(const Layout& layout, const std::string& node);

// What clients connect to, and what the demo has to leave out on loopback addresses.
std::string about_network(const Layout& layout);

// The short form, with comments for the reader. `hidden`: passwords as ***, for showing.
std::string print_config(const Layout& layout, bool hidden);

drill::NodeTraits traits_of(const Layout& layout, const std::string& node);

// Addresses that must be free before the demo can start.
std::vector<drill::Address> ports_of(const Layout& layout);

}  // namespace holdfast::demo
