#include "proxy/relay.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <optional>
#include <vector>

#include "proxy/pipe.hpp"

namespace holdfast::proxy {
namespace {

constexpr std::size_t small_buffer = 4 * 1024;  // what an idle connection keeps, each way
constexpr std::size_t large_buffer = 64 * 1024;
constexpr int full_reads_to_splice = 4;  // a row of full large buffers: a flow worth a pipe
constexpr int small_reads_to_shrink = 64;
constexpr int rounds_per_turn = 16;  // then others on this worker get theirs

// One direction. Lives in the frame of run_flow.
struct Flow {
  Tcp::socket* from;
  Tcp::socket* to;
  std::int64_t* bytes;
  RelayMode mode;
  std::vector<char> buffer;
  int full_reads = 0;
  int small_reads = 0;
};

bool wants_pipe(const Flow& flow) {
  if (flow.mode == RelayMode::splice) return true;
  return flow.mode == RelayMode::adaptive && flow.full_reads >= full_reads_to_splice;
}

// Grows the buffer for a flow that fills it, and gives the memory back when only small messages come.
void adapt_buffer(Flow& flow, std::size_t received) {
  const bool is_full = received == flow.buffer.size();
  if (is_full && flow.buffer.size() < large_buffer) {
    flow.buffer.resize(large_buffer);
  } else if (is_full) {
    ++flow.full_reads;
  } else {
    flow.full_reads = 0;
  }
  flow.small_reads = received <= small_buffer ? flow.small_reads + 1 : 0;
  if (flow.small_reads >= small_reads_to_shrink && flow.buffer.size() > small_buffer) {
    flow.buffer = std::vector<char>(small_buffer);
    flow.small_reads = 0;
  }
}

// Writes without waiting what can be, and waits for the rest only.
awaitable<bool> write_all(Flow* flow, std::size_t count) {
  boost::system::error_code failure;
  const auto written = flow->to->write_some(asio::buffer(flow->buffer.data(), count), failure);
  if (!failure && written == count) co_return true;
  if (failure && failure != asio::error::would_block) co_return false;
  const auto rest = asio::buffer(flow->buffer.data() + written, count - written);
  const auto [failed, sent] = co_await asio::async_write(*flow->to, rest, as_result);
  co_return !failed;
}

// Moves `count` bytes out of the pipe.
awaitable<bool> drain(Flow* flow, Pipe* pipe, std::size_t count) {
  while (count > 0) {
    const auto moved = pipe->drain_to(flow->to->native_handle(), count);
    if (moved > 0) {
      count -= static_cast<std::size_t>(moved);
      continue;
    }
    if (moved == 0 || errno != EAGAIN) co_return false;
    const auto [failed] = co_await flow->to->async_wait(Tcp::socket::wait_write, as_result);
    if (failed) co_return false;
  }
  co_return true;
}

// Through the pipe until the source has nothing more at the moment (FlowEnd::open), or for good.
awaitable<FlowEnd> run_pipe(Flow* flow, Pipe* pipe) {
  for (int round = 1;; ++round) {
    const auto moved = pipe->fill_from(flow->from->native_handle());
    if (moved == 0) co_return FlowEnd::finished;
    if (moved < 0) co_return errno == EAGAIN ? FlowEnd::open : FlowEnd::read_failed;
    const bool is_passed = co_await drain(flow, pipe, static_cast<std::size_t>(moved));
    if (!is_passed) co_return FlowEnd::write_failed;
    *flow->bytes += moved;
    if (round % rounds_per_turn == 0) co_await asio::post(as_result);
    if (!flow->from->is_open()) co_return FlowEnd::read_failed;
  }
}

awaitable<FlowEnd> run_buffer(Flow* flow) {
  while (!wants_pipe(*flow)) {
    const auto [failed, received] =
        co_await flow->from->async_read_some(asio::buffer(flow->buffer), as_result);
    if (failed) co_return failed == asio::error::eof ? FlowEnd::finished : FlowEnd::read_failed;
    const bool is_passed = co_await write_all(flow, received);
    if (!is_passed) co_return FlowEnd::write_failed;
    *flow->bytes += static_cast<std::int64_t>(received);
    adapt_buffer(*flow, received);
  }
  co_return FlowEnd::open;
}

awaitable<FlowEnd> run_bulk(Flow* flow) {
  flow->full_reads = 0;
  auto pipe = Pipe::open();
  if (!pipe) {
    flow->mode = RelayMode::copy;
    co_return FlowEnd::open;
  }
  if (flow->mode == RelayMode::adaptive) co_return co_await run_pipe(flow, &*pipe);
  for (;;) {
    const auto end = co_await run_pipe(flow, &*pipe);
    if (end != FlowEnd::open) co_return end;
    const auto [failed] = co_await flow->from->async_wait(Tcp::socket::wait_read, as_result);
    if (failed) co_return FlowEnd::read_failed;
  }
}

awaitable<void> run_flow(Flow flow, FlowEnd* end) {
  co_await asio::this_coro::throw_if_cancelled(false);  // cancelled operations fail, and that ends the flow
  while (*end == FlowEnd::open) {
    if (wants_pipe(flow)) {
      *end = co_await run_bulk(&flow);
    } else {
      *end = co_await run_buffer(&flow);
    }
  }
  boost::system::error_code ignored;
  if (*end == FlowEnd::finished) {
    flow.to->shutdown(Tcp::socket::shutdown_send, ignored);
    co_return;
  }
  flow.from->close(ignored);
  flow.to->close(ignored);
}

}  // namespace

awaitable<void> relay(Tcp::socket* client, Tcp::socket* server, RelayState* state, RelayMode mode) {
  using namespace asio::experimental::awaitable_operators;
  Flow in{client, server, &state->bytes_in, mode, std::vector<char>(small_buffer)};
  Flow out{server, client, &state->bytes_out, mode, std::vector<char>(small_buffer)};
  auto inward = run_flow(std::move(in), &state->in);
  auto outward = run_flow(std::move(out), &state->out);
  co_await (std::move(inward) && std::move(outward));
}

}  // namespace holdfast::proxy
