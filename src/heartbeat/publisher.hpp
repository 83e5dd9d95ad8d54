#pragma once

#include <functional>
#include <list>
#include <memory>

#include "async/asio.hpp"
#include "heartbeat/message.hpp"
#include "http/stream.hpp"

namespace holdfast::heartbeat {

// The `Upgrade:` token and the path that the agent's REST server gives to heartbeat streams.
inline constexpr const char* protocol = "holdfast-heartbeat";
inline constexpr const char* path = "/heartbeat";

struct PublisherOptions {
  milliseconds write_timeout = 1s;      // a subscriber that does not take a heartbeat for so long is cut
  milliseconds question_timeout = 10s;  // one that asks nothing for so long is gone
  std::size_t subscribers_max = 256;
};

// The agent's side: answers questions and pushes changes to every subscriber. Nothing is queued: while a
// subscriber is slow its questions and pushes become one, and past write_timeout it is cut. Belongs to one
// executor.
class Publisher {
 public:
  // The heartbeat of this moment; member `nonce` and `sequence` are filled in here. `lease_remaining` is to
  // be computed at the call: it goes out at once.
  using Source = std::function<Heartbeat()>;

  explicit Publisher(Source source, PublisherOptions options = {});
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Our state has changed: every subscriber is told now, without having asked.
  void push();

  // Runs one subscriber's stream to its end: http::ServerHandlers::on_upgrade. The publisher outlives it.
  awaitable<void> serve(std::unique_ptr<http::Stream> stream);

  std::size_t subscribers() const;
  std::uint64_t sent() const;  // heartbeats, since the start
  std::uint64_t cut() const;   // subscribers that were cut for being slow or for sending garbage

 private:
  struct Session;
  awaitable<Result<void>> take_questions(std::shared_ptr<Session> session);
  awaitable<Result<void>> send_heartbeats(std::shared_ptr<Session> session);
  std::string next_line(std::uint64_t nonce);

  Source source_;
  PublisherOptions options_;
  std::list<std::shared_ptr<Session>> sessions_;
  std::uint64_t sent_ = 0;
  std::uint64_t cut_ = 0;
};

}  // namespace holdfast::heartbeat
