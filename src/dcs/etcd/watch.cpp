#include "dcs/etcd/watch.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

namespace holdfast::dcs::etcd {

// Reads ahead, so that waiting can end without cutting a read short: a TLS stream would not survive it. Keeps
// itself alive while a read runs, because a watch is destroyed without waiting.
struct GatewayWatch::Reading : std::enable_shared_from_this<Reading> {
  Reading(const asio::any_io_executor& executor, std::unique_ptr<http::BodyReader> reader)
      : body{std::move(reader)}, arrived{executor} {}

  std::unique_ptr<http::BodyReader> body;
  async::Event arrived;
  asio::cancellation_signal cancel;
  std::optional<Result<std::string>> piece;
  bool is_running = false;

  void start(const asio::any_io_executor& executor) {
    if (is_running || piece) return;
    is_running = true;
    asio::co_spawn(
        executor, body->read(),
        asio::bind_cancellation_slot(
            cancel.slot(), [self = shared_from_this()](std::exception_ptr failure, Result<std::string> read) {
              self->is_running = false;
              if (failure) read = fail(Errc::cancelled, "watch was stopped");
              self->piece = std::move(read);
              self->arrived.notify();
            }));
  }
};

GatewayWatch::GatewayWatch(std::shared_ptr<Gateway> gateway, Gateway::Opened opened, std::string prefix,
                           Revision from)
    : gateway_{std::move(gateway)},
      reading_{std::make_shared<Reading>(gateway_->executor(), std::move(opened.body))},
      endpoint_{std::move(opened.endpoint)},
      prefix_{std::move(prefix)},
      from_{from},
      delivered_{from > 0 ? from - 1 : 0} {}

GatewayWatch::~GatewayWatch() {
  reading_->cancel.emit(asio::cancellation_type::terminal);
}

awaitable<Result<void>> GatewayWatch::probe() {
  boost::json::object body = print_range({prefix_, true});
  body["count_only"] = true;
  const auto limit = gateway_->options().watch_idle_max / 3;
  auto answer = co_await gateway_->call_at(endpoint_, "/kv/range", std::move(body), limit);
  if (!answer) co_return tl::unexpected(answer.error());
  co_return Result<void>{};
}

Result<std::optional<WatchBatch>> GatewayWatch::take_batch() {
  const auto end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  auto message = parse_watch(std::string_view{buffer_}.substr(0, end));
  buffer_.erase(0, end + 1);
  if (!message) return tl::unexpected(message.error());
  const auto believed = gateway_->check(message->header);
  if (!believed) return tl::unexpected(believed.error());
  if (message->compact_revision > 0) return fail(Errc::compacted, "the revision asked for is compacted");
  if (message->is_cancelled) return fail(Errc::unavailable, "etcd ended the watch: " + message->reason);
  if (message->is_created) {
    // A store that was wiped or restored would make us wait for a revision that is years away (EC-8).
    if (from_ > message->header.revision + 1) return fail(Errc::compacted, "etcd's revision went back");
    return WatchBatch{.events = {}, .revision = delivered_};
  }
  delivered_ = std::max(delivered_, message->header.revision);
  return WatchBatch{.events = std::move(message->events), .revision = delivered_};
}

awaitable<Result<WatchBatch>> GatewayWatch::next() {
  const std::string doing = "watching through " + http::print_url(endpoint_);
  const auto idle_max = gateway_->options().watch_idle_max;
  auto alive_at = BootClock::now();
  for (;;) {
    auto batch = take_batch();
    if (!batch) co_return fail(doing, batch.error());
    if (*batch) co_return **std::move(batch);
    reading_->start(gateway_->executor());
    co_await reading_->arrived.wait_until(BootClock::now() + idle_max / 3);
    if (reading_->piece) {
      auto piece = *std::exchange(reading_->piece, std::nullopt);
      if (!piece) co_return fail(doing, piece.error());
      if (piece->empty()) co_return fail(Errc::unavailable, doing + ": etcd closed the stream");
      buffer_ += *piece;
      continue;
    }
    const auto asked = BootClock::now();
    const auto probed = co_await probe();
    if (probed && !reading_->piece) co_return WatchBatch{.events = {}, .revision = delivered_};
    if (probed) alive_at = asked;
    const bool is_over =
        !probed && (probed.error().code == Errc::stale || BootClock::now() - alive_at >= idle_max);
    if (is_over) co_return fail(doing, probed.error());
  }
}

}  // namespace holdfast::dcs::etcd
