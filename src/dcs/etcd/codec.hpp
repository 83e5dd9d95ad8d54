#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "dcs/types.hpp"

// etcd's v3 messages as the JSON gateway writes them: keys and values in base64, 64-bit integers as strings,
// zero values left out (etcd docs, "gRPC gateway"; etcd api/etcdserverpb/rpc.proto). Pure.
namespace holdfast::dcs::etcd {

struct Header {
  std::uint64_t cluster_id = 0;
  std::uint64_t member_id = 0;
  Revision revision = 0;
  std::uint64_t raft_term = 0;
};

std::string end_of_prefix(
    std::string prefix);  // the first key that no longer starts with it; "\0": none, to the end

boost::json::object print_range(const Range& range);
boost::json::object print_txn(const Txn& txn);
boost::json::object print_watch(const std::string& prefix, Revision from);

Result<boost::json::object> parse_body(std::string_view body);  // Errc::bad_message
Header parse_header(const boost::json::object& answer);
Result<Snapshot> parse_range(const boost::json::object& answer);
Result<TxnResult> parse_txn(const boost::json::object& answer);
std::vector<StoreMember> parse_members(const boost::json::object& answer);

// One line of a watch stream.
struct WatchMessage {
  Header header;
  bool is_created = false;
  bool is_cancelled = false;
  Revision compact_revision = 0;  // cancelled because the revision asked for is compacted
  std::string reason;
  std::vector<WatchEvent> events;
};
Result<WatchMessage> parse_watch(std::string_view line);  // an error in the stream comes back classified

// What an answer other than 200 means (EC-14).
struct Verdict {
  Error error;
  bool try_elsewhere = false;   // another endpoint may do better
  bool reauthenticate = false;  // the token is no longer good (EC-12)
};
Verdict classify(int http_status, std::string_view body);
Verdict classify_text(int grpc_code, const std::string& text);

// The gateway's path prefix for a server version ("3.4.23" -> "/v3"). Errc::unsupported below 3.0.4.
Result<std::string> prefix_of(std::string_view version);

std::int64_t integer_at(const boost::json::object& object, std::string_view name);  // absent or malformed: 0
std::uint64_t id_at(const boost::json::object& object, std::string_view name);
std::string text_at(const boost::json::object& object, std::string_view name);

}  // namespace holdfast::dcs::etcd
