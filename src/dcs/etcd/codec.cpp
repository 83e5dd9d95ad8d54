#include "dcs/etcd/codec.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>

#include "base/overload.hpp"
#include "http/message.hpp"

namespace holdfast::dcs::etcd {
namespace {

namespace json = boost::json;

std::string encoded(std::string_view bytes) {
  return http::base64_encode(bytes);
}

Result<std::string> decoded_at(const json::object& object, std::string_view name) {
  return http::base64_decode(text_at(object, name));
}

// Integers come as strings, but smaller ones and other versions as numbers.
template <class Integer>
Integer number_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return 0;
  if (const auto* number = value->if_int64()) return static_cast<Integer>(*number);
  if (const auto* number = value->if_uint64()) return static_cast<Integer>(*number);
  Integer parsed = 0;
  if (const auto* text = value->if_string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (error != std::errc{} || end != text->data() + text->size()) return 0;
  }
  return parsed;
}

bool flag_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

json::array const& array_at(const json::object& object, std::string_view name) {
  static const json::array none;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

Result<KeyValue> parse_entry(const json::object& entry) {
  auto key = decoded_at(entry, "key");
  auto value = decoded_at(entry, "value");
  if (!key || !value) return fail(Errc::bad_message, "etcd: a key or value is not base64");
  KeyValue parsed{.key = *std::move(key), .value = *std::move(value), .lease = {}};
  parsed.create_revision = integer_at(entry, "create_revision");
  parsed.mod_revision = integer_at(entry, "mod_revision");
  parsed.version = integer_at(entry, "version");
  parsed.lease = LeaseId{integer_at(entry, "lease")};
  return parsed;
}

Result<void> append_entries(const json::object& answer, std::vector<KeyValue>& entries) {
  for (const auto& item : array_at(answer, "kvs")) {
    const auto* fields = item.if_object();
    if (fields == nullptr) return fail(Errc::bad_message, "etcd: an entry is not an object");
    auto entry = parse_entry(*fields);
    if (!entry) return tl::unexpected(entry.error());
    entries.push_back(*std::move(entry));
  }
  return {};
}

json::object print_compare(const Compare& compare) {
  json::object fields{{"key", encoded(compare.key)}, {"result", "EQUAL"}};
  const auto number = std::to_string(compare.number);
  switch (compare.target) {
    case Compare::Target::create_revision:
      fields["target"] = "CREATE";
      fields["create_revision"] = number;
      break;
    case Compare::Target::mod_revision:
      fields["target"] = "MOD";
      fields["mod_revision"] = number;
      break;
    case Compare::Target::version:
      fields["target"] = "VERSION";
      fields["version"] = number;
      break;
    case Compare::Target::lease:
      fields["target"] = "LEASE";
      fields["lease"] = number;
      break;
    case Compare::Target::value:
      fields["target"] = "VALUE";
      fields["value"] = encoded(compare.text);
      break;
  }
  return fields;
}

json::object print_op(const Op& op) {
  const auto print = Overload{
      [](const Put& put) {
        json::object fields{{"key", encoded(put.key)}, {"value", encoded(put.value)}};
        if (put.lease) fields["lease"] = std::to_string(put.lease.value);
        return json::object{{"request_put", fields}};
      },
      [](const Delete& removal) {
        json::object fields{{"key", encoded(removal.key)}};
        if (removal.is_prefix) fields["range_end"] = encoded(end_of_prefix(removal.key));
        return json::object{{"request_delete_range", fields}};
      },
      [](const Range& range) { return json::object{{"request_range", print_range(range)}}; },
  };
  return std::visit(print, op);
}

json::array print_ops(const std::vector<Op>& ops) {
  json::array printed;
  for (const auto& op : ops) printed.emplace_back(print_op(op));
  return printed;
}

std::vector<std::string> texts_at(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& item : array_at(object, name)) {
    if (const auto* text = item.if_string()) texts.emplace_back(text->data(), text->size());
  }
  return texts;
}

Result<WatchEvent> parse_event(const json::value& item) {
  const auto* fields = item.if_object();
  const auto* entry = fields == nullptr ? nullptr : object_at(*fields, "kv");
  if (entry == nullptr) return fail(Errc::bad_message, "etcd: a watch event without an entry");
  auto parsed = parse_entry(*entry);
  if (!parsed) return tl::unexpected(parsed.error());
  const bool is_removal = text_at(*fields, "type") == "DELETE";
  return WatchEvent{is_removal ? WatchEvent::Kind::removed : WatchEvent::Kind::put, *std::move(parsed)};
}

}  // namespace

std::int64_t integer_at(const json::object& object, std::string_view name) {
  return number_at<std::int64_t>(object, name);
}

std::uint64_t id_at(const json::object& object, std::string_view name) {
  return number_at<std::uint64_t>(object, name);
}

std::string text_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

std::string end_of_prefix(std::string prefix) {
  while (!prefix.empty()) {
    const auto last = static_cast<unsigned char>(prefix.back());
    if (last < 0xff) {
      prefix.back() = static_cast<char>(last + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return std::string(1, '\0');
}

json::object print_range(const Range& range) {
  json::object fields{{"key", encoded(range.key)}};
  if (range.is_prefix) fields["range_end"] = encoded(end_of_prefix(range.key));
  return fields;
}

json::object print_txn(const Txn& txn) {
  json::array compares;
  for (const auto& compare : txn.compares) compares.emplace_back(print_compare(compare));
  return {{"compare", compares}, {"success", print_ops(txn.success)}, {"failure", print_ops(txn.failure)}};
}

json::object print_watch(const std::string& prefix, Revision from) {
  json::object fields = print_range({prefix, true});
  if (from > 0) fields["start_revision"] = std::to_string(from);
  fields["progress_notify"] = true;
  return {{"create_request", fields}};
}

Result<json::object> parse_body(std::string_view body) {
  boost::system::error_code code;
  auto value = json::parse(body, code);
  if (code || !value.is_object()) return fail(Errc::bad_message, "etcd: the answer is not a JSON object");
  return std::move(value.get_object());
}

Header parse_header(const json::object& answer) {
  const auto* fields = object_at(answer, "header");
  if (fields == nullptr) return {};
  return {.cluster_id = id_at(*fields, "cluster_id"),
          .member_id = id_at(*fields, "member_id"),
          .revision = integer_at(*fields, "revision"),
          .raft_term = id_at(*fields, "raft_term")};
}

Result<Snapshot> parse_range(const json::object& answer) {
  const auto header = parse_header(answer);
  Snapshot snapshot{.revision = header.revision, .entries = {}, .cluster_id = header.cluster_id};
  const auto read = append_entries(answer, snapshot.entries);
  if (!read) return tl::unexpected(read.error());
  return snapshot;
}

Result<TxnResult> parse_txn(const json::object& answer) {
  TxnResult result{
      .succeeded = flag_at(answer, "succeeded"), .revision = parse_header(answer).revision, .read = {}};
  for (const auto& item : array_at(answer, "responses")) {
    const auto* fields = item.if_object();
    const auto* range = fields == nullptr ? nullptr : object_at(*fields, "response_range");
    if (range == nullptr) continue;
    const auto read = append_entries(*range, result.read);
    if (!read) return tl::unexpected(read.error());
  }
  return result;
}

std::vector<StoreMember> parse_members(const json::object& answer) {
  std::vector<StoreMember> members;
  for (const auto& item : array_at(answer, "members")) {
    const auto* fields = item.if_object();
    if (fields == nullptr) continue;
    members.push_back({.id = id_at(*fields, "ID"),
                       .name = text_at(*fields, "name"),
                       .peer_urls = texts_at(*fields, "peerURLs"),
                       .client_urls = texts_at(*fields, "clientURLs")});
  }
  return members;
}

Result<WatchMessage> parse_watch(std::string_view line) {
  const auto body = parse_body(line);
  if (!body) return tl::unexpected(body.error());
  if (const auto* error = object_at(*body, "error")) {
    return tl::unexpected(
        classify_text(static_cast<int>(integer_at(*error, "grpc_code")), text_at(*error, "message")).error);
  }
  const auto* result = object_at(*body, "result");
  if (result == nullptr) return fail(Errc::bad_message, "etcd: a watch answer without a result");
  WatchMessage message{.header = parse_header(*result)};
  message.is_created = flag_at(*result, "created");
  message.is_cancelled = flag_at(*result, "canceled");
  message.compact_revision = integer_at(*result, "compact_revision");
  message.reason = text_at(*result, "cancel_reason");
  for (const auto& item : array_at(*result, "events")) {
    auto event = parse_event(item);
    if (!event) return tl::unexpected(event.error());
    message.events.push_back(*std::move(event));
  }
  return message;
}

}  // namespace holdfast::dcs::etcd
