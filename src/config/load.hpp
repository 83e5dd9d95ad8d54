#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/problems.hpp"

// Start-up's way in: files, environment and short form to one checked Config.
namespace holdfast::config {

struct InterfaceAddress {
  std::string interface;  // "eth0"
  IpPrefix address;       // with the length of its network

  bool operator==(const InterfaceAddress&) const = default;
};

// Who this host is, for finding it in `nodes`.
struct HostIdentity {
  std::string hostname;
  StringList addresses;  // of its interfaces, without prefix lengths
  std::vector<InterfaceAddress> interfaces = {};

  bool operator==(const HostIdentity&) const = default;
};
HostIdentity read_host_identity();  // asks the operating system

struct LoadRequest {
  std::string path;  // -c: file, or directory of *.yml/*.yaml; empty: HOLDFAST_CONFIG, then /etc/holdfast.yml
  std::string node;  // --node; empty: HOLDFAST_NODE, PATRONI_NAME, host name, own address
  StringMap environment;  // read_environment(); tests pass their own
  HostIdentity host;
  bool any_node = false;  // the command line of an operator's own machine: it need not be one of `nodes`
};
StringMap read_environment();                                      // of this process
LoadRequest request_for(std::string path, std::string node = {});  // with this process' environment and host

struct Loaded {
  Config config;
  Problems warnings;  // to be shown; nothing in them stops a start
};

// Reads and checks everything before anything starts. On failure the error's context is print_problems() of
// all problems found, and `found`, when given, receives them one by one.
Result<Loaded> load(const LoadRequest& request, Problems* found = nullptr);

// The same from a text that is already here; `file` names it in messages.
Result<Loaded> load_text(std::string_view yaml, const std::string& file, const LoadRequest& request,
                         Problems* found = nullptr);

}  // namespace holdfast::config
