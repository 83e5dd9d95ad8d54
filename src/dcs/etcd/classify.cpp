#include <array>
#include <charconv>

#include "dcs/etcd/codec.hpp"

namespace holdfast::dcs::etcd {
namespace {

struct Row {
  std::string_view text;  // part of etcd's error text (etcd api/v3rpc/rpctypes/error.go)
  Errc code;
  bool try_elsewhere;
  bool reauthenticate;
};

constexpr std::array rows{
    Row{"requested lease not found", Errc::lease_lost, false, false},
    Row{"required revision has been compacted", Errc::compacted, false, false},
    Row{"required revision is a future revision", Errc::stale, true, false},
    Row{"invalid auth token", Errc::refused, false, true},
    Row{"user name is empty", Errc::refused, false, true},
    Row{"revision of auth store is old", Errc::refused, false, true},
    Row{"revision in header is old", Errc::refused, false, true},
    Row{"authentication failed", Errc::refused, false, false},
    Row{"permission denied", Errc::refused, false, false},
    Row{"authentication is not enabled", Errc::refused, false, false},
    Row{"database space exceeded", Errc::no_space, false, false},
    Row{"not a primary lessor", Errc::unavailable, true, false},  // etcd-io/etcd#21671
    Row{"request timed out", Errc::unavailable, true, false},
    Row{"server stopped", Errc::unavailable, true, false},
    Row{"leader changed", Errc::unavailable, true, false},
    Row{"no leader", Errc::unavailable, true, false},
    Row{"not leader", Errc::unavailable, true, false},
    Row{"not capable", Errc::unavailable, true, false},
    Row{"too many requests", Errc::unavailable, true, false},
    Row{"raft: stopped", Errc::unavailable, true, false},
    Row{"unhealthy cluster", Errc::unavailable, true, false},
    Row{"member not found", Errc::not_found, false, false},
    Row{"Peer URLs already exists", Errc::conflict, false, false},
    Row{"duplicate key given", Errc::invalid_argument, false, false},
};

// gRPC status codes (grpc docs, statuscodes.md).
Row by_code(int grpc_code) {
  switch (grpc_code) {
    case 3:
      return {"", Errc::invalid_argument, false, false};
    case 4:
      return {"", Errc::timed_out, true, false};
    case 5:
      return {"", Errc::not_found, false, false};
    case 7:
      return {"", Errc::refused, false, false};
    case 12:
      return {"", Errc::unsupported, true, false};
    case 16:
      return {"", Errc::refused, false, true};
    default:
      return {"", Errc::unavailable, true, false};
  }
}

}  // namespace

Verdict classify_text(int grpc_code, const std::string& text) {
  Row row = by_code(grpc_code);
  for (const auto& known : rows) {
    if (text.find(known.text) != std::string::npos) {
      row = known;
      break;
    }
  }
  return {.error = Error{row.code, text.empty() ? "etcd refused the request" : text},
          .try_elsewhere = row.try_elsewhere,
          .reauthenticate = row.reauthenticate};
}

Verdict classify(int http_status, std::string_view body) {
  const auto parsed = parse_body(body);
  if (!parsed) {
    Error error{Errc::unavailable, "etcd answered with status " + std::to_string(http_status)};
    return {.error = std::move(error), .try_elsewhere = true};
  }
  auto text = text_at(*parsed, "message");
  if (text.empty()) text = text_at(*parsed, "error");
  return classify_text(static_cast<int>(integer_at(*parsed, "code")), text);
}

Result<std::string> prefix_of(std::string_view version) {
  std::array<int, 3> part{};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (auto& number : part) {
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc{}) return fail(Errc::bad_message, "etcd's version can't be read");
    at = parsed.ptr != end && *parsed.ptr == '.' ? parsed.ptr + 1 : parsed.ptr;
  }
  if (part < std::array{3, 0, 4}) {
    return fail(Errc::unsupported, "etcd " + std::string{version} + " is too old: 3.0.4 or later is needed");
  }
  if (part < std::array{3, 3, 0}) return std::string{"/v3alpha"};
  if (part < std::array{3, 4, 0}) return std::string{"/v3beta"};
  return std::string{"/v3"};
}

}  // namespace holdfast::dcs::etcd
