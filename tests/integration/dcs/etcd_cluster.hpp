#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::testing {

// Bound once to learn it, then left to etcd.
inline int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

// Real etcd members on 127.0.0.1 in a directory of their own; killed by pid and removed at the end.
class EtcdCluster {
 public:
  // `flags` go to each member; `scheme` is what clients use.
  explicit EtcdCluster(int size, std::vector<std::string> flags = {}, std::string scheme = "http")
      : pids_(static_cast<std::size_t>(size), -1), flags_{std::move(flags)}, scheme_{std::move(scheme)} {
    char pattern[] = "/tmp/holdfast-etcd-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    for (int i = 0; i < size; ++i) {
      client_ports_.push_back(free_port());
      peer_ports_.push_back(free_port());
    }
    for (int i = 0; i < size; ++i) start(i);
  }
  ~EtcdCluster() {
    for (std::size_t i = 0; i < pids_.size(); ++i) kill(static_cast<int>(i));
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  std::string client_url(int i) const { return url(scheme_, client_ports_[static_cast<std::size_t>(i)]); }
  int size() const { return static_cast<int>(pids_.size()); }

  void start(int i) {
    const auto index = static_cast<std::size_t>(i);
    std::vector<std::string> argv{
        "/usr/bin/etcd",
        "--name=e" + std::to_string(i),
        "--data-dir=" + data_of(i),
        "--listen-client-urls=" + client_url(i),
        "--advertise-client-urls=" + client_url(i),
        "--listen-peer-urls=" + url("http", peer_ports_[index]),
        "--initial-advertise-peer-urls=" + url("http", peer_ports_[index]),
        "--initial-cluster=" + initial_cluster(),
        "--heartbeat-interval=50",
        "--election-timeout=500",
        "--logger=zap",
        "--bcrypt-cost=4",  // a password check must not starve on a busy machine
    };
    argv.insert(argv.end(), flags_.begin(), flags_.end());
    std::vector<char*> pointers;
    for (auto& argument : argv) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const auto log = directory_ + "/e" + std::to_string(i) + ".log";
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(fd, 1);
      ::dup2(fd, 2);
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
    pids_[index] = pid;
  }

  void signal(int i, int number) {
    const pid_t pid = pids_[static_cast<std::size_t>(i)];
    if (pid > 0) ::kill(pid, number);
  }
  void kill(int i) {
    auto& pid = pids_[static_cast<std::size_t>(i)];
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = -1;
  }
  void erase_data(int i) { std::filesystem::remove_all(data_of(i)); }

 private:
  static std::string url(const std::string& scheme, int port) {
    return scheme + "://127.0.0.1:" + std::to_string(port);
  }
  std::string data_of(int i) const { return directory_ + "/e" + std::to_string(i); }
  std::string initial_cluster() const {
    std::string text;
    for (std::size_t i = 0; i < peer_ports_.size(); ++i) {
      text += (i == 0 ? "e" : ",e") + std::to_string(i) + "=" + url("http", peer_ports_[i]);
    }
    return text;
  }

  std::string directory_;
  std::vector<int> client_ports_;
  std::vector<int> peer_ports_;
  std::vector<pid_t> pids_;
  std::vector<std::string> flags_;
  std::string scheme_;
};

}  // namespace holdfast::testing
