#include "drill/hands.hpp"

#include <algorithm>
#include <csignal>
#include <map>

#include "async/child_process.hpp"
#include "netlink/namespace.hpp"
#include "netlink/socket.hpp"

namespace holdfast::drill {
namespace {

int signal_of(Deed deed) {
  if (deed == Deed::kill) return SIGKILL;
  if (deed == Deed::stop) return SIGTERM;
  return deed == Deed::freeze ? SIGSTOP : SIGCONT;
}

bool is_hit(const Blow& blow, const NodeProcess& process) {
  switch (blow.victim) {
    case Victim::node:
      return true;
    case Victim::roles:
      return process.part != Part::supervisor;
    case Victim::postgres:
      // The postmaster takes its backends with it; a frozen one would leave them at work.
      return process.part == Part::postgres && (process.is_main || blow.deed != Deed::kill);
    case Victim::agent:
      return process.part == Part::agent && process.is_main;
    case Victim::etcd:
      return process.part == Part::etcd && process.process.program == "etcd";
    case Victim::proxy:
      return process.part == Part::proxy && process.is_main;
    case Victim::vip:
      return process.part == Part::vip && process.is_main;
  }
  return false;
}

// Every interface but the loopback.
Result<void> set_interfaces(const netlink::Namespace& where, bool is_up) {
  return netlink::in_namespace(where, [is_up]() -> Result<void> {
    auto kernel = netlink::Socket::open();
    if (!kernel) return tl::unexpected(kernel.error());
    const auto links = kernel->links();
    if (!links) return tl::unexpected(links.error());
    for (const auto& link : *links) {
      if (link.is_loopback) continue;
      if (auto set = kernel->set_up(link.index, is_up); !set) return set;
    }
    return {};
  });
}

class LocalHands : public Hands {
 public:
  explicit LocalHands(std::vector<NodeTraits> nodes) : nodes_{std::move(nodes)} {}

  Result<void> reaches(const Blow& blow) override {
    if (blow.deed == Deed::isolate || blow.deed == Deed::rejoin) {
      if (find_namespace(blow.node) != nullptr) return Result<void>{};
      return fail(Errc::unsupported,
                  "processes can't be cut off from the network one by one: give --hands COMMAND");
    }
    if (blow.deed == Deed::start)
      return fail(Errc::unsupported, "a killed node can't be started again from here: give --hands COMMAND");
    if (blow.victim == Victim::roles && !has_supervisor(blow.node))
      return fail(Errc::unsupported,
                  blow.node + " has no supervisor (holdfast run) that would start its roles again");
    if (!targets(blow).empty()) return Result<void>{};
    return fail(Errc::not_found, "no " + std::string{to_string(blow.victim)} + " of " + blow.node +
                                     " runs on this machine: run the drill there, or give --hands COMMAND");
  }

  awaitable<Result<void>> strike(Blow blow) override {
    if (blow.deed == Deed::start) co_return reaches(blow);
    const bool is_host = blow.victim == Victim::node || blow.victim == Victim::roles;
    const bool is_cut = blow.deed == Deed::isolate || (is_host && blow.deed == Deed::kill);
    if (const auto* own = find_namespace(blow.node);
        own != nullptr && (is_cut || blow.deed == Deed::rejoin)) {
      auto set = set_interfaces(*own, !is_cut);
      if (!set) co_return set;
    }
    if (blow.deed == Deed::isolate || blow.deed == Deed::rejoin) co_return Result<void>{};
    // Again, for what was started in the meantime.
    for (int pass = 0; pass < 3; ++pass) {
      for (const auto& process : targets(blow)) {
        auto sent = send_signal(process, signal_of(blow.deed));
        if (!sent) co_return sent;
      }
      if (blow.victim != Victim::node) break;
    }
    co_return Result<void>{};
  }

 private:
  std::vector<NodeProcess> processes(const std::string& name) const {
    const auto node =
        std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n.name == name; });
    if (node == nodes_.end()) return {};
    return processes_of(*node, list_processes());
  }

  std::vector<Process> targets(const Blow& blow) const { return targets_of(blow, processes(blow.node)); }

  bool has_supervisor(const std::string& node) const {
    const auto all = processes(node);
    return std::any_of(all.begin(), all.end(),
                       [](const auto& each) { return each.part == Part::supervisor; });
  }

  // The node's network namespace, when it is not ours; kept for when none of its processes is left.
  const netlink::Namespace* find_namespace(const std::string& node) {
    const auto known = namespaces_.find(node);
    if (known != namespaces_.end()) return &known->second;
    const auto ours = netlink::Namespace::of_this_thread();
    for (const auto& process : targets({node, Victim::node, Deed::kill})) {
      auto theirs = netlink::Namespace::of_process(process.pid);
      if (!ours || !theirs || *theirs == *ours) continue;
      return &namespaces_.emplace(node, *std::move(theirs)).first->second;
    }
    return nullptr;
  }

  std::vector<NodeTraits> nodes_;
  std::map<std::string, netlink::Namespace> namespaces_;
};

class CommandHands : public Hands {
 public:
  explicit CommandHands(std::vector<std::string> command) : command_{std::move(command)} {}

  Result<void> reaches(const Blow&) override { return Result<void>{}; }

  awaitable<Result<void>> strike(Blow blow) override {
    async::ChildOptions child{.argv = command_};
    child.argv.push_back(blow.node);
    child.argv.emplace_back(to_string(blow.deed));
    child.argv.emplace_back(to_string(blow.victim));
    auto output = co_await async::run_child(std::move(child), 60s);
    if (!output) co_return fail("running " + command_.front(), output.error());
    if (output->status.ok()) co_return Result<void>{};
    co_return fail(Errc::process_failed,
                   command_.front() + ": " + to_string(output->status) + ": " + output->text);
  }

 private:
  std::vector<std::string> command_;
};

}  // namespace

std::string_view to_string(Deed deed) noexcept {
  switch (deed) {
    case Deed::kill:
      return "kill";
    case Deed::stop:
      return "stop";
    case Deed::freeze:
      return "freeze";
    case Deed::thaw:
      return "thaw";
    case Deed::isolate:
      return "isolate";
    case Deed::rejoin:
      return "rejoin";
    case Deed::start:
      return "start";
  }
  return "";
}

std::string_view to_string(Victim victim) noexcept {
  switch (victim) {
    case Victim::postgres:
      return "postgres";
    case Victim::agent:
      return "agent";
    case Victim::etcd:
      return "etcd";
    case Victim::proxy:
      return "proxy";
    case Victim::vip:
      return "vip";
    case Victim::node:
      return "node";
    case Victim::roles:
      return "roles";
  }
  return "";
}

std::vector<Process> targets_of(const Blow& blow, const std::vector<NodeProcess>& node) {
  // A part's rank: the supervisor first, PostgreSQL last; backwards when they are woken.
  std::vector<Part> order{Part::supervisor, Part::agent, Part::sentinel, Part::vip,
                          Part::proxy,      Part::etcd,  Part::postgres};
  if (blow.deed == Deed::thaw) std::reverse(order.begin(), order.end());
  std::vector<Process> processes;
  for (const auto part : order) {
    for (const auto& process : node) {
      if (process.part == part && is_hit(blow, process)) processes.push_back(process.process);
    }
  }
  return processes;
}

std::unique_ptr<Hands> local_hands(std::vector<NodeTraits> nodes) {
  return std::make_unique<LocalHands>(std::move(nodes));
}

std::unique_ptr<Hands> command_hands(std::vector<std::string> command) {
  return std::make_unique<CommandHands>(std::move(command));
}

}  // namespace holdfast::drill
