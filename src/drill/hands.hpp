#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "drill/processes.hpp"

// How a drill acts on a node.
namespace holdfast::drill {

// kill: SIGKILL; stop: SIGTERM; freeze and thaw: SIGSTOP and SIGCONT; isolate and rejoin: nothing in or out
// on the network; start: a node that was killed.
enum class Deed { kill, stop, freeze, thaw, isolate, rejoin, start };
// roles: everything of a node but its supervisor, which starts it all again.
enum class Victim { postgres, agent, etcd, proxy, vip, node, roles };
std::string_view to_string(Deed deed) noexcept;
std::string_view to_string(Victim victim) noexcept;

struct Blow {
  std::string node;
  Victim victim = Victim::node;
  Deed deed = Deed::kill;

  bool operator==(const Blow&) const = default;
};

class Hands {
 public:
  virtual ~Hands() = default;
  // Says before anything is done why a blow could not be struck.
  virtual Result<void> reaches(const Blow& blow) = 0;
  virtual awaitable<Result<void>> strike(Blow blow) = 0;
};

// Processes of this very machine, found in /proc. A node whose processes run in a network namespace of their
// own can be cut off, too: its interfaces are set down. Killing such a node, or its roles, cuts it off first,
// as a host that is lost.
std::unique_ptr<Hands> local_hands(std::vector<NodeTraits> nodes);

// A command of the user's that reaches other hosts: it is run as `COMMAND NODE DEED VICTIM` ("pg1 kill
// postgres") and must have done it when it exits with 0.
std::unique_ptr<Hands> command_hands(std::vector<std::string> command);

// The processes that a blow hits, most important first: whoever would notice and mend is hit before what it
// watches.
std::vector<Process> targets_of(const Blow& blow, const std::vector<NodeProcess>& node);

}  // namespace holdfast::drill
