#include "demo/wires.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "async/asio.hpp"
#include "netlink/socket.hpp"

namespace holdfast::demo {
namespace {

constexpr const char* inside = "eth0";  // every node's interface

Result<void> set_up(netlink::Socket& kernel, const std::string& name, bool is_up) {
  const auto link = kernel.link(name);
  if (!link) return tl::unexpected(link.error());
  return kernel.set_up(link->index, is_up);
}

Result<void> give_address(netlink::Socket& kernel, const std::string& name, const std::string& address) {
  const auto link = kernel.link(name);
  if (!link) return tl::unexpected(link.error());
  const auto prefix = IpPrefix::parse(address + "/24");
  if (!prefix) return tl::unexpected(prefix.error());
  const auto set = kernel.set_address({.link = link->index, .prefix = *prefix});
  if (!set) return tl::unexpected(set.error());
  return kernel.set_up(link->index, true);
}

// From inside the node's namespace.
Result<void> furnish(const std::string& cable_end, const std::string& address) {
  auto kernel = netlink::Socket::open();
  if (!kernel) return tl::unexpected(kernel.error());
  if (auto up = set_up(*kernel, "lo", true); !up) return up;
  const auto link = kernel->link(cable_end);
  if (!link) return tl::unexpected(link.error());
  if (auto renamed = kernel->rename(link->index, inside); !renamed) return renamed;
  return give_address(*kernel, inside, address);
}

}  // namespace

std::string Wires::bridge() const {
  return "hfdemo" + network_.substr(network_.rfind('.') + 1);
}

std::string Wires::namespace_name(const std::string& node) const {
  return bridge() + "-" + node;
}

std::string Wires::cable(const std::string& node) const {
  return fmt::format("hf{}-{}", network_.substr(network_.rfind('.') + 1), node);
}

bool Wires::are_possible() {
  if (::geteuid() != 0) return false;
  const auto name = fmt::format("hfdemo-try-{}", ::getpid());
  const auto made = netlink::create_namespace(name);
  if (!made) return false;
  return netlink::remove_namespace(name).has_value();
}

bool Wires::is_free(const std::string& network) {
  Wires wires{network};
  const bool is_ours = wires.lock().has_value();
  if (is_ours) ::close(std::exchange(wires.lock_, -1));
  return is_ours;
}

Result<Wires> Wires::make(const Layout& layout) {
  Wires wires{layout.network};
  if (auto locked = wires.lock(); !locked) return tl::unexpected(locked.error());
  wires.remove();
  if (auto built = wires.build(layout); !built) return fail("making the demo's network", built.error());
  return wires;
}

Result<void> Wires::lock() {
  const auto path = fmt::format("/run/holdfast-{}.lock", bridge());
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return async::fail_with_errno("opening " + path, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return {};
  ::close(std::exchange(lock_, -1));
  return fail(
      Errc::refused,
      fmt::format("another demo uses the network {}.0/24: quit it first, or give --network", network_));
}

Result<void> Wires::build(const Layout& layout) {
  auto kernel = netlink::Socket::open();
  if (!kernel) return tl::unexpected(kernel.error());
  const auto index = kernel->add_bridge(bridge());
  if (!index) return tl::unexpected(index.error());
  if (auto given = give_address(*kernel, bridge(), network_ + ".1"); !given) return given;
  for (const auto& node : all_nodes()) {
    if (auto connected = connect(layout, node, *index); !connected) return connected;
  }
  return {};
}

Result<void> Wires::connect(const Layout& layout, const std::string& node, int bridge_index) {
  auto made = netlink::create_namespace(namespace_name(node));
  if (!made) return tl::unexpected(made.error());
  const auto& space = namespaces_.emplace(node, *std::move(made)).first->second;
  auto kernel = netlink::Socket::open();
  if (!kernel) return tl::unexpected(kernel.error());
  const auto end = cable(node) + "n";
  if (auto added = kernel->add_veth(cable(node), end); !added) return added;
  const auto outer = kernel->link(cable(node));
  const auto inner = kernel->link(end);
  if (!outer || !inner) return fail(Errc::io_error, "a cable just made is not there");
  if (auto joined = kernel->set_master(outer->index, bridge_index); !joined) return joined;
  if (auto moved = kernel->move_to_namespace(inner->index, space.fd()); !moved) return moved;
  if (auto up = kernel->set_up(outer->index, true); !up) return up;
  const auto address = address_of(layout, node);
  return netlink::in_namespace(space, [&] { return furnish(end, address); });
}

int Wires::namespace_of(const std::string& node) const {
  const auto at = namespaces_.find(node);
  return at == namespaces_.end() ? -1 : at->second.fd();
}

Result<void> Wires::plug_in(const std::string& node) {
  const auto at = namespaces_.find(node);
  if (at == namespaces_.end()) return {};
  return netlink::in_namespace(at->second, []() -> Result<void> {
    auto kernel = netlink::Socket::open();
    if (!kernel) return tl::unexpected(kernel.error());
    return set_up(*kernel, inside, true);
  });
}

// Whatever of it is there, whoever made it.
void Wires::remove() {
  auto kernel = netlink::Socket::open();
  for (const auto& node : all_nodes()) {
    if (kernel) {
      if (const auto link = kernel->link(cable(node))) static_cast<void>(kernel->remove_link(link->index));
    }
    static_cast<void>(netlink::remove_namespace(namespace_name(node)));
  }
  if (!kernel) return;
  if (const auto link = kernel->link(bridge())) static_cast<void>(kernel->remove_link(link->index));
}

Wires::Wires(Wires&& other) noexcept
    : network_{std::move(other.network_)},
      lock_{std::exchange(other.lock_, -1)},
      namespaces_{std::move(other.namespaces_)} {}

Wires& Wires::operator=(Wires&& other) noexcept {
  std::swap(network_, other.network_);
  std::swap(lock_, other.lock_);
  std::swap(namespaces_, other.namespaces_);
  return *this;
}

Wires::~Wires() {
  if (lock_ < 0) return;
  namespaces_.clear();
  remove();
  ::close(lock_);
}

}  // namespace holdfast::demo
