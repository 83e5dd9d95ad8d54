#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "vrrp/advert.hpp"
#include "vrrp/checksum.hpp"

// Whatever arrives with protocol number 112: it is refused with words, or it is an advert that we could have
// sent (but for the reserved bits of version 3, the unused password of version 2, and an interval of zero).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using namespace holdfast::vrrp;
  const std::span<const std::uint8_t> bytes{data, size};
  if (size < 1) return 0;
  const bool is_ipv4 = data[0] % 2 == 0;
  const auto family = is_ipv4 ? IpAddress::Family::ipv4 : IpAddress::Family::ipv6;
  const Envelope envelope{.source = IpAddress::parse(is_ipv4 ? "10.0.1.21" : "fe80::21").value(),
                          .destination = multicast_group(family)};
  auto payload = std::vector<std::uint8_t>(bytes.begin() + 1, bytes.end());
  (void)peek_router_id(payload);
  // A fuzzer does not find checksums; half of the inputs get one that fits.
  if (data[0] % 4 >= 2 && payload.size() >= 8) {
    payload[6] = payload[7] = 0;
    Checksum sum;
    if (payload[0] >> 4U == 3)
      sum.add_pseudo_header(envelope.source, envelope.destination, payload.size(), ip_protocol);
    sum.add(payload);
    payload[6] = static_cast<std::uint8_t>(sum.value() >> 8U);
    payload[7] = static_cast<std::uint8_t>(sum.value() & 0xffU);
  }
  const auto decoded = decode(payload, envelope);
  if (!decoded) {
    CHECK(!decoded.error().detail.empty());
    return 0;
  }
  const Expectation expected{.version = decoded->advert.version,
                             .password = decoded->advert.password,
                             .interval = decoded->advert.interval,
                             .addresses = decoded->advert.addresses};
  if (decoded->advert.interval.count() > 0) {
    CHECK(!mismatch(decoded->advert, envelope, expected));
    const auto again = decode(encode(decoded->advert, envelope, decoded->rule), envelope);
    CHECK(again && again->advert == decoded->advert);
  }
  return 0;
}
