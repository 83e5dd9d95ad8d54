#include "vrrp/advert.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace holdfast::vrrp {
namespace {

using Bytes = std::vector<std::uint8_t>;

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string{text.substr(i, 2)}, nullptr, 16)));
  return bytes;
}

const Envelope multicast4{.source = ip("10.0.1.21"), .destination = ip("224.0.0.18")};
const Envelope multicast6{.source = ip("fe80::21"), .destination = ip("ff02::12")};

Advert v2_with_pass() {
  return {.version = Version::v2,
          .virtual_router_id = 51,
          .priority = 150,
          .interval = 1s,
          .password = password_of("1111"),
          .addresses = {ip("10.0.1.10")}};
}

Advert v3_ipv4() {
  return {.virtual_router_id = 51,
          .priority = 200,
          .interval = 100ms,
          .addresses = {ip("10.0.1.10"), ip("10.0.1.11")}};
}

Advert v3_ipv6() {
  return {.virtual_router_id = 7,
          .priority = 100,
          .interval = 10s,
          .addresses = {ip("fe80::10"), ip("2001:db8::10")}};
}

AdvertFault fault_of(const Bytes& bytes, const Envelope& envelope = multicast4) {
  const auto decoded = decode(bytes, envelope);
  EXPECT_FALSE(decoded.has_value());
  EXPECT_TRUE(decoded.has_value() || !decoded.error().detail.empty());
  return decoded.has_value() ? AdvertFault::own : decoded.error().fault;
}

// The bytes and their checksums were computed apart from this code, from the RFCs.
TEST(Advert, of_version_2_with_a_password_has_these_bytes) {
  const auto bytes = hex("213396010101da5d0a00010a3131313100000000");
  EXPECT_EQ(encode(v2_with_pass(), multicast4), bytes);
  EXPECT_EQ(decode(bytes, multicast4)->advert, v2_with_pass());
}

TEST(Advert, of_version_3_over_ipv4_has_these_bytes) {
  const auto bytes = hex("3133c802000a05030a00010a0a00010b");
  EXPECT_EQ(encode(v3_ipv4(), multicast4), bytes);
  EXPECT_EQ(*decode(bytes, multicast4), (Decoded{v3_ipv4(), ChecksumRule::standard}));
}

TEST(Advert, of_version_3_may_leave_the_pseudo_header_out_of_the_checksum) {
  const auto bytes = hex("3133c802000af0aa0a00010a0a00010b");
  EXPECT_EQ(encode(v3_ipv4(), multicast4, ChecksumRule::as_v2), bytes);
  EXPECT_EQ(*decode(bytes, multicast4), (Decoded{v3_ipv4(), ChecksumRule::as_v2}));
}

TEST(Advert, of_version_3_over_ipv6_has_these_bytes) {
  const auto bytes = hex("3107640203e83c65fe80000000000000000000000000001020010db8000000000000000000000010");
  EXPECT_EQ(encode(v3_ipv6(), multicast6), bytes);
  EXPECT_EQ(encode(v3_ipv6(), multicast6, ChecksumRule::as_v2), bytes) << "only IPv4 can do without";
  EXPECT_EQ(*decode(bytes, multicast6), (Decoded{v3_ipv6(), ChecksumRule::standard}));
}

TEST(Advert, to_one_peer_covers_that_destination) {
  const Envelope unicast{.source = ip("10.0.1.21"), .destination = ip("10.0.1.22")};
  const auto bytes = hex("313300000064b7c5");
  EXPECT_EQ(encode({.virtual_router_id = 51, .priority = 0, .interval = 1s}, unicast), bytes);
  EXPECT_EQ(decode(bytes, unicast)->advert.priority, priority_stopping);
  EXPECT_EQ(fault_of(bytes, {.source = ip("10.0.1.21"), .destination = ip("10.0.1.23")}),
            AdvertFault::checksum);
}

TEST(Advert, of_version_2_always_carries_the_authentication_data) {
  auto advert = v2_with_pass();
  advert.password.reset();
  const auto bytes = encode(advert, multicast4);
  EXPECT_EQ(bytes.size(), 20U);
  EXPECT_EQ(decode(bytes, multicast4)->advert, advert);
}

TEST(Advert, keeps_its_interval_within_what_the_version_can_say) {
  const auto interval = [](Version version, milliseconds asked) {
    const Advert advert{.version = version, .virtual_router_id = 1, .priority = 1, .interval = asked};
    return decode(encode(advert, multicast4), multicast4)->advert.interval;
  };
  EXPECT_EQ(interval(Version::v2, 100ms), 1s);
  EXPECT_EQ(interval(Version::v2, 1001ms), 2s);
  EXPECT_EQ(interval(Version::v2, 1h), 255s);
  EXPECT_EQ(interval(Version::v3, 1ms), 10ms);
  EXPECT_EQ(interval(Version::v3, 105ms), 110ms);
  EXPECT_EQ(interval(Version::v3, 1h), 40950ms);
}

TEST(Advert, is_refused_by_name_of_the_fault) {
  const auto good = encode(v3_ipv4(), multicast4);
  const auto with = [&](std::size_t at, std::uint8_t byte) {
    auto bytes = good;
    bytes[at] = byte;
    return bytes;
  };
  auto routed = multicast4;
  routed.hops_left = 254;
  EXPECT_EQ(fault_of(good, routed), AdvertFault::ttl);
  EXPECT_EQ(fault_of({}), AdvertFault::length);
  EXPECT_EQ(fault_of({good.begin(), good.begin() + 7}), AdvertFault::length);
  EXPECT_EQ(fault_of({good.begin(), good.end() - 1}), AdvertFault::length);
  auto longer = good;
  longer.push_back(0);
  EXPECT_EQ(fault_of(longer), AdvertFault::length);
  EXPECT_EQ(fault_of(with(3, 255)), AdvertFault::length) << "it says 255 addresses, and has two";
  EXPECT_EQ(fault_of(with(0, 0x41)), AdvertFault::version);
  EXPECT_EQ(fault_of(with(0, 0x32)), AdvertFault::type);
  EXPECT_EQ(fault_of(with(2, 201)), AdvertFault::checksum);
  EXPECT_EQ(fault_of(encode(v2_with_pass(), multicast4), multicast6), AdvertFault::version);
}

TEST(Advert, with_an_unknown_authentication_is_refused) {
  // IPsec AH (type 2), with a checksum that fits.
  auto bytes = encode(v2_with_pass(), multicast4);
  bytes[4] = 2;
  bytes[6] = 0xd9;
  EXPECT_EQ(fault_of(bytes), AdvertFault::invalid_auth_type);
}

TEST(Advert, tells_its_router_id_even_when_broken) {
  EXPECT_EQ(peek_router_id(hex("ff33")), 51);
  EXPECT_EQ(peek_router_id(hex("ff")), std::nullopt);
}

TEST(Password, has_up_to_eight_characters) {
  EXPECT_EQ(password_of("12345678"), (Password{'1', '2', '3', '4', '5', '6', '7', '8'}));
  EXPECT_EQ(password_of("1"), (Password{'1'}));
  EXPECT_EQ(password_of("123456789"), std::nullopt);
}

// ---- what one virtual router expects

Expectation expecting(const Advert& advert) {
  return {.version = advert.version,
          .password = advert.password,
          .interval = advert.interval,
          .addresses = advert.addresses};
}

std::optional<AdvertFault> fault_for(const Expectation& expected, const Advert& advert) {
  const auto rejection = mismatch(advert, multicast4, expected);
  if (!rejection) return std::nullopt;
  EXPECT_FALSE(rejection->detail.empty());
  return rejection->fault;
}

TEST(Mismatch, is_none_for_our_own_settings) {
  EXPECT_EQ(fault_for(expecting(v2_with_pass()), v2_with_pass()), std::nullopt);
  EXPECT_EQ(fault_for(expecting(v3_ipv4()), v3_ipv4()), std::nullopt);
}

TEST(Mismatch, names_what_differs) {
  auto expected = expecting(v2_with_pass());
  expected.password = password_of("2222");
  EXPECT_EQ(fault_for(expected, v2_with_pass()), AdvertFault::auth_data);
  expected.password.reset();
  EXPECT_EQ(fault_for(expected, v2_with_pass()), AdvertFault::auth_type);
  EXPECT_EQ(fault_for(expecting(v3_ipv4()), v2_with_pass()), AdvertFault::version);
  expected = expecting(v2_with_pass());
  expected.interval = 2s;
  EXPECT_EQ(fault_for(expected, v2_with_pass()), AdvertFault::interval);
  expected.interval = 100ms;
  EXPECT_EQ(fault_for(expected, v2_with_pass()), std::nullopt) << "it goes out as 1 s, and so does ours";
  expected.addresses = {ip("10.0.1.11")};
  const auto rejection = mismatch(v2_with_pass(), multicast4, expected);
  EXPECT_EQ(rejection,
            (Rejection{AdvertFault::address_list, "advertises 10.0.1.10, configured is 10.0.1.11"}));
}

TEST(Mismatch, does_not_tell_the_password) {
  auto expected = expecting(v2_with_pass());
  expected.password = password_of("2222");
  EXPECT_EQ(mismatch(v2_with_pass(), multicast4, expected)->detail, "password differs");
}

TEST(Mismatch, takes_the_interval_of_a_version_3_master) {
  auto expected = expecting(v3_ipv4());
  expected.interval = 1s;
  EXPECT_EQ(fault_for(expected, v3_ipv4()), std::nullopt);
}

TEST(Mismatch, takes_the_addresses_in_any_order) {
  auto expected = expecting(v3_ipv4());
  std::ranges::reverse(expected.addresses);
  EXPECT_EQ(fault_for(expected, v3_ipv4()), std::nullopt);
  expected.addresses.pop_back();
  EXPECT_EQ(fault_for(expected, v3_ipv4()), AdvertFault::address_list);
  expected.checks_addresses = false;
  EXPECT_EQ(fault_for(expected, v3_ipv4()), std::nullopt);
}

TEST(Mismatch, hears_peers_alone_and_never_itself) {
  auto expected = expecting(v3_ipv4());
  expected.peers = {ip("10.0.1.22"), ip("10.0.1.21")};
  EXPECT_EQ(fault_for(expected, v3_ipv4()), std::nullopt);
  expected.peers = {ip("10.0.1.22")};
  EXPECT_EQ(fault_for(expected, v3_ipv4()), AdvertFault::source);
  expected.own = {multicast4.source};
  EXPECT_EQ(fault_for(expected, v3_ipv4()), AdvertFault::own);
}

// ---- properties

IpAddress any_address(IpAddress::Family family) {
  if (family == IpAddress::Family::ipv4)
    return IpAddress::of(*rc::gen::arbitrary<std::array<std::uint8_t, 4>>());
  return IpAddress::of(*rc::gen::arbitrary<std::array<std::uint8_t, 16>>());
}

struct Sent {
  Advert advert;
  Envelope envelope;
  ChecksumRule rule = ChecksumRule::standard;
};

Sent any_sent() {
  Sent sent;
  const bool is_v2 = *rc::gen::arbitrary<bool>();
  const bool is_ipv4 = is_v2 || *rc::gen::arbitrary<bool>();
  const auto family = is_ipv4 ? IpAddress::Family::ipv4 : IpAddress::Family::ipv6;
  sent.envelope = {.source = any_address(family), .destination = any_address(family)};
  sent.advert.version = is_v2 ? Version::v2 : Version::v3;
  sent.advert.virtual_router_id = *rc::gen::arbitrary<std::uint8_t>();
  sent.advert.priority = *rc::gen::arbitrary<std::uint8_t>();
  sent.advert.interval =
      is_v2 ? milliseconds{1000 * *rc::gen::inRange(1, 256)} : milliseconds{10 * *rc::gen::inRange(1, 4096)};
  if (is_v2 && *rc::gen::arbitrary<bool>()) sent.advert.password = *rc::gen::arbitrary<Password>();
  const int count = *rc::gen::inRange(0, 256);
  for (int i = 0; i < count; ++i) sent.advert.addresses.push_back(any_address(family));
  return sent;
}

RC_GTEST_PROP(Advert, is_read_back_as_it_was_sent, ()) {
  const auto sent = any_sent();
  const auto decoded = decode(encode(sent.advert, sent.envelope), sent.envelope);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == (Decoded{sent.advert, ChecksumRule::standard}));
}

RC_GTEST_PROP(Advert, with_one_byte_changed_is_refused_or_another_one, ()) {
  const auto sent = any_sent();
  auto bytes = encode(sent.advert, sent.envelope);
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ *rc::gen::inRange(1, 256));
  const auto decoded = decode(bytes, sent.envelope);
  RC_ASSERT(!decoded.has_value() || *decoded != (Decoded{sent.advert, ChecksumRule::standard}));
}

RC_GTEST_PROP(Advert, of_any_bytes_is_refused_or_has_the_size_that_it_says, (Bytes bytes)) {
  const auto decoded = decode(bytes, multicast4);
  if (!decoded) return;
  RC_ASSERT(bytes.size() >= 8 + decoded->advert.addresses.size() * 4);
}

}  // namespace
}  // namespace holdfast::vrrp
