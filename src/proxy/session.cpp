#include "proxy/session.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace holdfast::proxy {
namespace {

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

int seconds_of(milliseconds span) {
  return static_cast<int>(std::max<std::int64_t>(1, span.count() / 1000));
}

}  // namespace

Seat::Seat(Ledger* ledger, std::size_t listener, std::shared_ptr<ServerAccount> account, route::Grant grant)
    : ledger_{ledger}, listener_{listener}, account_{std::move(account)}, grant_{std::move(grant)} {
  traffic().sessions.add();
}

Seat::~Seat() {
  if (!account_) return;
  traffic().sessions.remove();
  account_->connections.remove();
  ledger_->listener(listener_).sessions.remove();
  ledger_->sessions.remove();
}

void Session::report_traffic() {
  if (!seat) return;
  seat->traffic().bytes_in.add(relayed.bytes_in - reported_in);
  seat->traffic().bytes_out.add(relayed.bytes_out - reported_out);
  reported_in = relayed.bytes_in;
  reported_out = relayed.bytes_out;
}

void Session::end_now(route::CutCause cause) {
  if (cut) return;
  cut = cause;
  const asio::socket_base::linger reset{true, 0};
  boost::system::error_code ignored;
  for (auto* socket : {&client, &server}) {
    if (!socket->is_open()) continue;
    socket->set_option(reset, ignored);
    socket->close(ignored);
  }
}

void configure(Tcp::socket& socket, const Settings& settings) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  const int fd = socket.native_handle();
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (settings.user_timeout > 0ms) {
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(settings.user_timeout.count()));
  }
  if (!settings.keepalive.enabled) return;
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds_of(settings.keepalive.idle));
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds_of(settings.keepalive.interval));
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, settings.keepalive.count);
}

}  // namespace holdfast::proxy
