#pragma once

#include <map>
#include <string>

#include "demo/layout.hpp"
#include "netlink/namespace.hpp"

namespace holdfast::demo {

// The demo's own network, for a Layout that has one: each node in a network namespace, all on a bridge of
// this host, where the user's clients are. Needs root.
class Wires {
 public:
  // Makes it, anew: what an earlier demo left on this network is removed first. Errc::refused: another demo
  // uses the network now; Errc::permission_denied, unsupported, io_error: this machine does not let us.
  static Result<Wires> make(const Layout& layout);
  static bool is_free(const std::string& network);  // no other demo uses it now
  // Whether this process may make network namespaces at all.
  static bool are_possible();

  Wires(Wires&& other) noexcept;
  Wires& operator=(Wires&& other) noexcept;
  ~Wires();  // takes everything down

  int namespace_of(const std::string& node) const;  // for ChildOptions::network_namespace
  Result<void> plug_in(const std::string& node);    // its interfaces come up, if a drill has cut them off

 private:
  explicit Wires(std::string network) : network_{std::move(network)} {}
  std::string bridge() const;
  std::string namespace_name(const std::string& node) const;
  std::string cable(const std::string& node) const;
  Result<void> lock();
  Result<void> build(const Layout& layout);
  Result<void> connect(const Layout& layout, const std::string& node, int bridge_index);
  void remove();

  std::string network_;
  int lock_ = -1;
  std::map<std::string, netlink::Namespace> namespaces_;
};

}  // namespace holdfast::demo
