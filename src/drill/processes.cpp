#include "drill/processes.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

#include "async/asio.hpp"

namespace holdfast::drill {
namespace {

namespace fs = std::filesystem;

std::string read_link(const fs::path& path) {
  std::error_code failed;
  auto target = fs::read_symlink(path, failed).string();
  // A program that was replaced while it runs ("make" does) is still the same program.
  constexpr std::string_view deleted = " (deleted)";
  if (target.ends_with(deleted)) target.erase(target.size() - deleted.size());
  return failed ? std::string{} : target;
}

std::vector<std::string> read_arguments(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::vector<std::string> arguments;
  for (std::string word; std::getline(file, word, '\0');) arguments.push_back(word);
  return arguments;
}

// Field 2 of stat(5) is the name in parentheses, which may hold spaces and parentheses itself.
bool read_stat(const fs::path& path, Process& process) {
  std::ifstream file{path};
  std::string line;
  if (!std::getline(file, line)) return false;
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return false;
  std::istringstream rest{line.substr(end_of_name + 1)};
  rest >> process.state >> process.parent;
  std::string skipped;
  for (int field = 5; field <= 21; ++field) rest >> skipped;
  rest >> process.started;
  return static_cast<bool>(rest);
}

std::optional<Process> read_process(pid_t pid) {
  const fs::path folder = "/proc/" + std::to_string(pid);
  Process process{.pid = pid};
  if (!read_stat(folder / "stat", process)) return {};
  process.program = fs::path{read_link(folder / "exe")}.filename().string();
  process.directory = read_link(folder / "cwd");
  process.arguments = read_arguments(folder / "cmdline");
  return process;
}

// The value of "--node X" or "--node=X" (or another option); empty when absent.
std::string option_of(const Process& process, std::string_view option) {
  const auto& words = process.arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == option && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with(option) && words[i].size() > option.size() && words[i][option.size()] == '=') {
      return words[i].substr(option.size() + 1);
    }
  }
  return {};
}

std::string verb_of(const Process& process) {
  for (const auto& word : process.arguments) {
    for (const char* verb : {"run", "agent", "proxy", "vip", "etcd", "sentinel"}) {
      if (word == verb) return word;
    }
  }
  return {};
}

std::optional<Part> part_of(const Process& process) {
  if (process.program == "postgres" || process.program == "postmaster") return Part::postgres;
  if (process.program == "etcd") return Part::etcd;
  if (process.program != "holdfast") return {};
  const auto verb = verb_of(process);
  if (verb == "run") return Part::supervisor;
  if (verb == "agent") return Part::agent;
  if (verb == "sentinel") return Part::sentinel;
  if (verb == "proxy") return Part::proxy;
  if (verb == "vip") return Part::vip;
  if (verb == "etcd") return Part::etcd;
  return {};
}

bool is_root_of(const NodeTraits& node, const Process& process) {
  if (process.program != "holdfast" || process.state == 'Z') return false;
  const auto verb = verb_of(process);
  if (verb == "sentinel")
    return option_of(process, "--member") == node.name &&
           (node.data_dir.empty() || option_of(process, "--data-dir") == node.data_dir);
  const auto config =
      option_of(process, "-c").empty() ? option_of(process, "--config-file") : option_of(process, "-c");
  const bool same_config = node.config_file.empty() || config == node.config_file;
  return !verb.empty() && option_of(process, "--node") == node.name && same_config;
}

bool is_postgres_of(const NodeTraits& node, const Process& process) {
  return !node.data_dir.empty() && part_of(process) == Part::postgres && process.directory == node.data_dir &&
         process.state != 'Z';
}

}  // namespace

std::string_view to_string(Part part) noexcept {
  switch (part) {
    case Part::supervisor:
      return "supervisor";
    case Part::agent:
      return "agent";
    case Part::sentinel:
      return "sentinel";
    case Part::proxy:
      return "proxy";
    case Part::vip:
      return "vip";
    case Part::etcd:
      return "etcd";
    case Part::postgres:
      return "PostgreSQL";
  }
  return "";
}

std::vector<Process> list_processes() {
  std::vector<Process> all;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{"/proc", failed}) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    if (auto process = read_process(pid)) all.push_back(std::move(*process));
  }
  return all;
}

std::vector<NodeProcess> processes_of(const NodeTraits& node, const std::vector<Process>& all) {
  std::map<pid_t, const Process*> by_pid;
  for (const auto& process : all) by_pid[process.pid] = &process;
  const auto belongs = [&](const Process& process) {
    const Process* at = &process;
    for (int depth = 0; at != nullptr && depth < 32; ++depth) {
      if (is_root_of(node, *at) || is_postgres_of(node, *at)) return true;
      const auto parent = by_pid.find(at->parent);
      at = parent == by_pid.end() ? nullptr : parent->second;
    }
    return false;
  };
  std::vector<NodeProcess> found;
  for (const auto& process : all) {
    if (process.state == 'Z' || process.pid == getpid() || !belongs(process)) continue;
    const auto parent = by_pid.find(process.parent);
    const auto part = part_of(process);
    const auto above = parent == by_pid.end() ? std::nullopt : part_of(*parent->second);
    // A helper (pg_basebackup, a shell) goes with whoever started it.
    const Part effective = part.value_or(above.value_or(Part::agent));
    found.push_back({effective, process, part.has_value() && (part != above || part != Part::postgres)});
  }
  return found;
}

bool is_alive(const Process& process) {
  const auto now = read_process(process.pid);
  return now && now->started == process.started && now->state != 'Z' && now->state != 'X';
}

Result<void> send_signal(const Process& process, int signal) {
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));
  if (descriptor < 0) {
    if (errno == ESRCH) return Result<void>{};
    return async::fail_with_errno("opening process " + std::to_string(process.pid), errno);
  }
  // Held by the pidfd, the pid can't change hands any more: what is true now stays true.
  const bool is_same = is_alive(process);
  const bool sent =
      !is_same || syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0) == 0 || errno == ESRCH;
  const int error_number = errno;
  close(descriptor);
  if (!sent) return async::fail_with_errno("signalling process " + std::to_string(process.pid), error_number);
  return Result<void>{};
}

}  // namespace holdfast::drill
