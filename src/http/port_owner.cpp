#include "http/port_owner.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace holdfast::http {
namespace {

namespace fs = std::filesystem;

// /proc/net/tcp (proc(5)): "sl local_address rem_address st …  uid timeout inode"; state 0A is LISTEN.
void collect_listeners(const char* table, std::uint16_t port, std::set<std::string>& sockets) {
  std::ifstream file{table};
  std::string line;
  std::getline(file, line);
  const std::string wanted = fmt::format(":{:04X}", port);
  while (std::getline(file, line)) {
    std::istringstream fields{line};
    std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    if (state == "0A" && local.ends_with(wanted)) sockets.insert("socket:[" + inode + "]");
  }
}

bool holds_any(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code denied;
  for (const auto& entry : fs::directory_iterator{process / "fd", denied}) {
    std::error_code gone;
    if (sockets.contains(fs::read_symlink(entry.path(), gone).string())) return true;
  }
  return false;
}

std::string name_of(const fs::path& process) {
  std::ifstream file{process / "comm"};
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

std::string describe_port_owner(std::uint16_t port) {
  std::set<std::string> sockets;
  collect_listeners("/proc/net/tcp", port, sockets);
  collect_listeners("/proc/net/tcp6", port, sockets);
  std::error_code none;
  for (const auto& entry : fs::directory_iterator{"/proc", none}) {
    const auto pid = entry.path().filename().string();
    const bool is_process = pid.find_first_not_of("0123456789") == std::string::npos;
    if (is_process && !sockets.empty() && holds_any(entry.path(), sockets)) {
      return fmt::format("process {} ({})", pid, name_of(entry.path()));
    }
  }
  return fmt::format("another process; \"ss -ltnp 'sport = :{}'\" as root shows which", port);
}

}  // namespace holdfast::http
