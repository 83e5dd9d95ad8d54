#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/asio.hpp"

namespace holdfast::async {

// How to start a program. argv[0] is a path or found in PATH. Secrets go through `env` or `input`, never
// argv.
struct ChildOptions {
  std::vector<std::string> argv;
  bool runs_itself =
      false;  // our own program, even where `user` may not enter its folder; argv[0] is but a name
  std::map<std::string, std::string>
      env;                  // added to ours; PATRONI_*, HOLDFAST_* and NOTIFY_SOCKET never pass (EC-89)
  std::string directory;    // working directory; empty: ours
  std::string input;        // written to its standard input, which is then closed
  std::string output_file;  // append stdout and stderr here instead of reading them
  std::function<void(std::string_view line)>
      on_line;                 // each line of stdout and stderr as it comes (progress)
  std::optional<uid_t> user;   // run as this user and its groups (needs root)
  int network_namespace = -1;  // descriptor of the one to run in (needs root); -1: ours
  bool own_session = false;    // setsid: signals to our terminal's group don't reach it
  bool dies_with_us = false;   // PR_SET_PDEATHSIG SIGKILL
};

struct ExitStatus {
  int code = 0;    // exit code, when signal is 0
  int signal = 0;  // the signal that ended it
  bool ok() const { return code == 0 && signal == 0; }
};
std::string to_string(ExitStatus status);  // "exit code 1", "killed by signal 9"

// A running child, awaited through its pidfd. Destroying the object neither kills nor reaps the child; who
// does not wait leaves it to the process' subreaper.
class ChildProcess {
 public:
  // Errc::not_found, permission_denied, io_error: exec failures are reported here, not as exit code 127.
  static Result<ChildProcess> start(const asio::any_io_executor& executor, ChildOptions options);

  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  ~ChildProcess();

  pid_t pid() const;
  void kill(int signal);                 // nothing happens when it has ended
  awaitable<Result<ExitStatus>> wait();  // call once; returns when it ended and its output was read

 private:
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

struct ChildOutput {
  ExitStatus status;
  std::string text;  // stdout and stderr together, the last 64 kB
};

// Runs a program to its end. Past `limit`, or when cancelled, it is killed with SIGKILL.
awaitable<Result<ChildOutput>> run_child(ChildOptions options, nanoseconds limit);

// Returns when the process with this pid (child or not) is gone; at once when there is none.
awaitable<Result<void>> wait_for_exit(pid_t pid);

}  // namespace holdfast::async
