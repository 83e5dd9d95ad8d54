#pragma once

#include <memory>
#include <vector>

#include "async/asio.hpp"
#include "vrrp/advert.hpp"

namespace holdfast::vip {

struct ChannelOptions {
  int link = 0;  // adverts come and go through this interface alone
  std::string link_name;
  IpAddress source;
  std::vector<IpAddress> peers;  // empty: multicast to `group`
  IpAddress group;

  bool operator==(const ChannelOptions&) const = default;
};

struct Packet {
  std::vector<std::uint8_t> payload;  // after the IP header
  vrrp::Envelope envelope;
};

// A raw socket of IP protocol 112 on one interface, with TTL or hop limit 255 (RFC 5798 5.1.1.3). Belongs to
// one executor, one reader.
class Channel {
 public:
  // Errc::permission_denied names CAP_NET_RAW and how to grant it; Errc::not_found: no such interface.
  static Result<std::unique_ptr<Channel>> open(const asio::any_io_executor& executor, ChannelOptions options);
  ~Channel();

  awaitable<Result<Packet>> receive();
  // To the group, or to every peer; the first failure comes back, and the other peers got it all the same.
  Result<void> send(const vrrp::Advert& advert, vrrp::ChecksumRule rule);

  const ChannelOptions& options() const { return options_; }

 private:
  struct State;
  Channel(std::unique_ptr<State> state, ChannelOptions options);
  Result<void> send_to(const IpAddress& destination, const vrrp::Advert& advert, vrrp::ChecksumRule rule);

  std::unique_ptr<State> state_;
  ChannelOptions options_;
};

}  // namespace holdfast::vip
