#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/asio.hpp"

// How a role tells another role of its host that it works: a Unix stream with a line now and then. The end of
// the stream is the end of the process, known at once and without anybody saying so.
namespace holdfast::heartbeat {

struct Wellbeing {
  bool is_well = false;
  std::string why;  // when it is not: "it is draining"

  bool operator==(const Wellbeing&) const = default;
};

// "well", "sick it is draining"; without the line's end.
std::string print_wellbeing(const Wellbeing& wellbeing);
std::optional<Wellbeing> parse_wellbeing(std::string_view line);

// Where role `role` of `member` speaks: an abstract address (unix(7)), so nothing is left on a disk, and each
// network namespace has its own.
std::string local_address(const std::string& scope, const std::string& member, const std::string& role);

inline constexpr milliseconds wellbeing_interval = 50ms;
inline constexpr milliseconds wellbeing_silence_max =
    500ms;  // a role that says nothing for so long is frozen

// The speaking side.
class LocalPublisher {
 public:
  using Source = std::function<Wellbeing()>;
  // Errc::refused: another process speaks there.
  static Result<std::unique_ptr<LocalPublisher>> open(const asio::any_io_executor& executor,
                                                      const std::string& address, Source source);
  ~LocalPublisher();
  void push();  // it has changed: say so now
  awaitable<void> stop();

 private:
  struct State;
  explicit LocalPublisher(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// The listening side: connects again and again, and reports every change. Speakers that run as somebody else
// than `users` are not believed.
class LocalSubscriber {
 public:
  using Sink = std::function<void(const Wellbeing&)>;
  LocalSubscriber(const asio::any_io_executor& executor, std::string address, std::string role,
                  std::vector<uid_t> users, Sink sink);
  ~LocalSubscriber();
  awaitable<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::heartbeat
