#include "heartbeat/subscriber.hpp"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <deque>
#include <set>

#include "async/backoff.hpp"
#include "async/event.hpp"
#include "async/with_timeout.hpp"
#include "heartbeat/publisher.hpp"
#include "http/url.hpp"

namespace holdfast::heartbeat {

struct Subscriber::Link {
  Link(const asio::any_io_executor& executor, Peer p) : peer{std::move(p)}, wake{executor} {}

  struct Question {
    std::uint64_t nonce;
    BootInstant sent_at;
  };

  Peer peer;
  async::Event wake;  // cuts a pause short
  bool is_ended = false;
  std::unique_ptr<http::Stream> stream;
  std::uint64_t last_nonce = 0;    // of all streams to this peer: a late answer never meets a new question
  std::deque<Question> questions;  // asked on the present stream and not answered
  BootInstant heard_at{};
};

namespace {

// More than these unanswered questions mean silence_max has passed long ago; the oldest are forgotten.
constexpr std::size_t questions_max = 1024;

}  // namespace

Subscriber::Subscriber(asio::any_io_executor executor, SubscriberOptions options, SubscriberHandlers handlers)
    : options_{std::move(options)},
      handlers_{std::move(handlers)},
      client_{executor, options_.client},
      tasks_{executor} {}

Subscriber::~Subscriber() = default;

void Subscriber::set_peers(std::vector<Peer> peers) {
  std::map<std::string, Peer> wanted;
  for (auto& peer : peers) wanted.insert_or_assign(peer.name, std::move(peer));
  for (auto it = links_.begin(); it != links_.end();) {
    const auto found = wanted.find(it->first);
    if (found != wanted.end() && found->second == it->second->peer) {
      wanted.erase(found);
      ++it;
      continue;
    }
    end(*it->second);
    it = links_.erase(it);
  }
  for (auto& [name, peer] : wanted) {
    auto link = std::make_shared<Link>(tasks_.executor(), std::move(peer));
    links_.emplace(name, link);
    tasks_.spawn("heartbeats of " + name, keep(link));
  }
}

bool Subscriber::is_connected(const std::string& peer) const {
  const auto found = links_.find(peer);
  return found != links_.end() && found->second->stream != nullptr;
}

awaitable<void> Subscriber::stop() {
  for (auto& [name, link] : links_) end(*link);
  links_.clear();
  co_await tasks_.stop();
}

void Subscriber::end(Link& link) {
  link.is_ended = true;
  if (link.stream) link.stream->close();
  link.wake.notify();
}

awaitable<void> Subscriber::keep(std::shared_ptr<Link> link) {
  async::Backoff backoff{options_.backoff_first, options_.backoff_longest};
  bool is_told = false;  // of the present row of failures
  while (!link->is_ended) {
    const BootInstant heard_before = link->heard_at;
    auto ended = co_await run_stream(link);
    link->stream.reset();
    if (link->is_ended) co_return;
    if (link->heard_at != heard_before) {
      backoff.reset();
      is_told = false;
    }
    if (!ended && !std::exchange(is_told, true) && handlers_.on_lost)
      handlers_.on_lost(link->peer.name, ended.error());
    const BootInstant next = BootClock::now() + backoff.next();
    co_await link->wake.wait_until(next);
  }
}

awaitable<Result<void>> Subscriber::run_stream(std::shared_ptr<Link> link) {
  using namespace asio::experimental::awaitable_operators;
  auto url = http::parse_url(link->peer.url);
  if (!url) co_return fail("heartbeat stream", url.error());
  auto target = http::with_target(*std::move(url), path);
  auto opening = client_.upgrade(std::move(target), protocol, options_.connect_timeout);
  auto stream = co_await std::move(opening);
  if (!stream) co_return fail("opening the heartbeat stream", stream.error());
  if (link->is_ended) co_return Result<void>{};
  link->stream = *std::move(stream);
  link->questions.clear();
  auto asking = ask(link);
  auto listening = listen(link);
  auto ended = co_await (std::move(asking) || std::move(listening));
  if (ended.index() == 0) co_return std::get<0>(std::move(ended));
  co_return std::get<1>(std::move(ended));
}

awaitable<Result<void>> Subscriber::ask(std::shared_ptr<Link> link) {
  BootInstant next = BootClock::now();
  for (;;) {
    // The moment before the question leaves is the one that a proof counts from.
    const BootInstant sent_at = BootClock::now();
    link->questions.push_back({++link->last_nonce, sent_at});
    if (link->questions.size() > questions_max) link->questions.pop_front();
    auto writing = link->stream->write(print_question(link->last_nonce));
    auto written = co_await async::with_timeout(options_.silence_max, std::move(writing));
    if (!written) co_return fail("asking", written.error());
    // After a pause of ours the missed questions are not made up for.
    next = std::max(next + options_.interval, BootClock::now());
    co_await async::sleep_until(next);
  }
}

awaitable<Result<void>> Subscriber::listen(std::shared_ptr<Link> link) {
  std::string input;
  std::array<char, 4096> buffer;
  BootInstant deadline = BootClock::now() + options_.silence_max;
  for (;;) {
    auto reading = link->stream->read_some(asio::buffer(buffer));
    const nanoseconds limit = std::max(nanoseconds{0}, deadline - BootClock::now());
    auto size = co_await async::with_timeout(limit, std::move(reading));
    if (!size) co_return fail("waiting for a heartbeat", size.error());
    if (*size == 0) co_return fail(Errc::unavailable, "the peer ended the stream");
    input.append(buffer.data(), *size);
    const BootInstant heard_before = link->heard_at;
    auto taken = take_heartbeats(*link, input);
    if (!taken) co_return taken;
    if (link->is_ended) co_return Result<void>{};
    // Bytes alone don't count as a sign of life: only whole heartbeats do.
    if (link->heard_at != heard_before) deadline = link->heard_at + options_.silence_max;
  }
}

Result<void> Subscriber::take_heartbeats(Link& link, std::string& input) {
  for (;;) {
    auto line = take_line(input);
    if (!line) return fail("reading heartbeats", line.error());
    if (!*line || link.is_ended) return {};
    auto done = on_line(link, **line);
    if (!done) return done;
  }
}

Result<void> Subscriber::on_line(Link& link, const std::string& line) {
  const BootInstant received_at = BootClock::now();
  auto heartbeat = parse_heartbeat(line);
  if (!heartbeat) return fail("reading heartbeats", heartbeat.error());
  if (heartbeat->member != link.peer.name) {
    return fail(Errc::refused, "another member answers at " + link.peer.url + ": " + heartbeat->member);
  }
  if (!options_.scope.empty() && heartbeat->scope != options_.scope) {
    return fail(Errc::refused, "another cluster answers at " + link.peer.url + ": " + heartbeat->scope);
  }
  BootInstant sent_at{};
  while (!link.questions.empty() && link.questions.front().nonce <= heartbeat->nonce) {
    if (link.questions.front().nonce == heartbeat->nonce) sent_at = link.questions.front().sent_at;
    link.questions.pop_front();
  }
  link.heard_at = received_at;
  if (handlers_.on_heartbeat) handlers_.on_heartbeat(link.peer.name, *heartbeat, sent_at, received_at);
  return {};
}

}  // namespace holdfast::heartbeat
