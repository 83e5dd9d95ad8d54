#include "heartbeat/publisher.hpp"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "async/event.hpp"
#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "heartbeat/session_scope.hpp"

namespace holdfast::heartbeat {

struct Publisher::Session {
  Session(const asio::any_io_executor& executor, std::unique_ptr<http::Stream> s)
      : stream{std::move(s)}, due{executor} {}

  std::unique_ptr<http::Stream> stream;
  async::Event due;         // a question or a change waits to be told
  std::uint64_t nonce = 0;  // the last question that is not answered yet
};

Publisher::Publisher(Source source, PublisherOptions options)
    : source_{std::move(source)}, options_{options} {}
Publisher::~Publisher() = default;

void Publisher::push() {
  for (const auto& session : sessions_) session->due.notify();
}

std::size_t Publisher::subscribers() const {
  return sessions_.size();
}
std::uint64_t Publisher::sent() const {
  return sent_;
}
std::uint64_t Publisher::cut() const {
  return cut_;
}

awaitable<void> Publisher::serve(std::unique_ptr<http::Stream> stream) {
  using namespace asio::experimental::awaitable_operators;
  if (sessions_.size() >= options_.subscribers_max) {
    log::warn("heartbeat subscriber refused, too many",
              {{"peer", stream->peer()}, {"max", options_.subscribers_max}});
    co_return;
  }
  const auto executor = co_await asio::this_coro::executor;
  auto session = std::make_shared<Session>(executor, std::move(stream));
  const SessionScope scope{sessions_, session};
  session->due.notify();  // the first heartbeat needs no question
  auto questions = take_questions(session);
  auto heartbeats = send_heartbeats(session);
  // Both return their failure as a value, so the first to end ends the other.
  auto ended = co_await (std::move(questions) || std::move(heartbeats));
  const auto& result = ended.index() == 0 ? std::get<0>(ended) : std::get<1>(ended);
  session->stream->close();
  if (result || result.error().code == Errc::unavailable || result.error().code == Errc::cancelled) co_return;
  ++cut_;
  log::info("heartbeat subscriber cut", {{"peer", session->stream->peer()}, {"error", result.error()}});
}

awaitable<Result<void>> Publisher::take_questions(std::shared_ptr<Session> session) {
  std::string input;
  std::array<char, 1024> buffer;
  for (;;) {
    auto reading = session->stream->read_some(asio::buffer(buffer));
    auto size = co_await async::with_timeout(options_.question_timeout, std::move(reading));
    if (!size) co_return fail("reading questions", size.error());
    if (*size == 0) co_return Result<void>{};
    input.append(buffer.data(), *size);
    for (;;) {
      auto line = take_line(input);
      if (!line) co_return fail("reading questions", line.error());
      if (!*line) break;
      auto nonce = parse_question(**line);
      if (!nonce) co_return fail("reading questions", nonce.error());
      session->nonce = *nonce;
      session->due.notify();
    }
  }
}

awaitable<Result<void>> Publisher::send_heartbeats(std::shared_ptr<Session> session) {
  for (;;) {
    co_await session->due.wait();
    auto line = next_line(std::exchange(session->nonce, 0));
    auto writing = session->stream->write(std::move(line));
    auto written = co_await async::with_timeout(options_.write_timeout, std::move(writing));
    if (!written) co_return fail("sending a heartbeat", written.error());
  }
}

std::string Publisher::next_line(std::uint64_t nonce) {
  Heartbeat heartbeat = source_();
  heartbeat.nonce = nonce;
  heartbeat.sequence = ++sent_;
  return print_heartbeat(heartbeat);
}

}  // namespace holdfast::heartbeat
