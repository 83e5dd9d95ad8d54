#include "http/port_owner.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace holdfast::http {
namespace {

namespace fs = std::filesystem;

// An IPv4 address as the table writes it (a little-endian word); empty for anything else: then the port alone
// decides.
std::string table_address(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && address.s_addr != 0
             ? fmt::format("{:08X}:", address.s_addr)
             : "";
}

// A listener on all addresses takes the port from every one of them.
bool is_any_address(const std::string& local) {
  return local.find_first_not_of('0') == local.find(':');
}

// /proc/net/tcp (proc(5)): "sl local_address rem_address st …  uid timeout inode"; state 0A is LISTEN.
void collect_listeners(const char* table, const Endpoint& endpoint, std::set<std::string>& sockets) {
  std::ifstream file{table};
  std::string line;
  std::getline(file, line);
  const std::string port = fmt::format(":{:04X}", endpoint.port);
  const std::string address = table_address(endpoint.host);
  while (std::getline(file, line)) {
    std::istringstream fields{line};
    std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    const bool is_same = address.empty() || local.starts_with(address) || is_any_address(local);
    if (state == "0A" && local.ends_with(port) && is_same) sockets.insert("socket:[" + inode + "]");
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

std::string describe_port_owner(const Endpoint& endpoint) {
  std::set<std::string> sockets;
  collect_listeners("/proc/net/tcp", endpoint, sockets);
  collect_listeners("/proc/net/tcp6", endpoint, sockets);
  std::error_code none;
  for (const auto& entry : fs::directory_iterator{"/proc", none}) {
    const auto pid = entry.path().filename().string();
    const bool is_process = pid.find_first_not_of("0123456789") == std::string::npos;
    if (is_process && !sockets.empty() && holds_any(entry.path(), sockets)) {
      return fmt::format("process {} ({})", pid, name_of(entry.path()));
    }
  }
  return fmt::format("another process; \"ss -ltnp 'sport = :{}'\" as root shows which", endpoint.port);
}

}  // namespace holdfast::http
