#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"

// This machine's processes, as /proc shows them (proc(5)), and which of them make up a node of a cluster.
namespace holdfast::drill {

struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  unsigned long long started = 0;  // clock ticks since boot: with the pid, its identity
  char state = '?';                // 'T' stopped, 'Z' zombie
  std::string program;             // base name of its executable; empty: not ours to see
  std::string directory;           // working directory; empty: not ours to see
  std::vector<std::string> arguments;

  bool operator==(const Process&) const = default;
};
std::vector<Process> list_processes();

// How a node's processes are told from all others.
struct NodeTraits {
  std::string name;
  std::string config_file;  // that it was started with; empty: any
  std::string data_dir;     // of PostgreSQL; empty: it has none
};

enum class Part { supervisor, agent, sentinel, proxy, vip, etcd, postgres };
std::string_view to_string(Part part) noexcept;

struct NodeProcess {
  Part part = Part::supervisor;
  Process process;
  bool is_main = true;  // of its part: the postmaster, not its backends

  bool operator==(const NodeProcess&) const = default;
};

// Those that provably belong to the node: `holdfast … --node NAME` with its configuration, all that descend
// from them, and PostgreSQL's processes that work in its data directory.
std::vector<NodeProcess> processes_of(const NodeTraits& node, const std::vector<Process>& all);

// Sends a signal to exactly this process: not to another one that has got its pid since. Gone already:
// success.
Result<void> send_signal(const Process& process, int signal);
bool is_alive(const Process& process);

}  // namespace holdfast::drill
