#include <boost/json/value.hpp>

#include "dcs/cluster.hpp"
#include "dcs/fields.hpp"

// The record under members/NAME (Patroni, dcs/etcd3.py).
namespace holdfast::dcs {
namespace {

namespace json = boost::json;

HoldfastRecord take_holdfast(json::object fields) {
  HoldfastRecord record;
  record.epoch = Epoch{take_integer(fields, "epoch").value_or(0)};
  record.rules = static_cast<int>(take_integer(fields, "rules").value_or(0));
  record.heartbeat_url = take_text(fields, "heartbeat_url");
  record.other = std::move(fields);
  return record;
}

json::object print_holdfast(const HoldfastRecord& record) {
  json::object fields;
  if (record.epoch) fields["epoch"] = record.epoch.value;
  fields["rules"] = record.rules;
  if (!record.heartbeat_url.empty()) fields["heartbeat_url"] = record.heartbeat_url;
  for (const auto& [key, value] : record.other) fields[key] = value;
  return fields;
}

void put_position(json::object& fields, const char* name, const std::optional<Lsn>& position) {
  if (position) fields[name] = print_integer(position->value);
}

}  // namespace

Member take_member(json::object fields) {
  Member member;
  member.conn_url = take_text(fields, "conn_url");
  member.api_url = take_text(fields, "api_url");
  member.state = take_text(fields, "state");
  member.role = take_text(fields, "role");
  member.version = take_text(fields, "version");
  member.proxy_url = take_text(fields, "proxy_url");
  member.checkpoint_after_promote = take_bool(fields, "checkpoint_after_promote");
  member.tags = take_object(fields, "tags").value_or(json::object{});
  member.pending_restart = take_bool(fields, "pending_restart").value_or(false);
  member.pending_restart_reason = take_object(fields, "pending_restart_reason").value_or(json::object{});
  member.xlog_location = take_lsn(fields, "xlog_location");
  member.receive_lsn = take_lsn(fields, "receive_lsn");
  member.replay_lsn = take_lsn(fields, "replay_lsn");
  member.replication_state = take_text(fields, "replication_state");
  member.timeline = static_cast<Timeline>(take_integer(fields, "timeline").value_or(0));
  member.scheduled_restart = take_object(fields, "scheduled_restart").value_or(json::object{});
  member.pause = take_bool(fields, "pause").value_or(false);
  if (auto ours = take_object(fields, "holdfast")) member.holdfast = take_holdfast(*std::move(ours));
  member.other = std::move(fields);
  return member;
}

std::string print_member(const Member& member) {
  json::object fields;
  fields["conn_url"] = member.conn_url;
  fields["api_url"] = member.api_url;
  fields["state"] = member.state;
  fields["role"] = member.role;
  fields["version"] = member.version;
  if (!member.proxy_url.empty()) fields["proxy_url"] = member.proxy_url;
  if (member.checkpoint_after_promote) fields["checkpoint_after_promote"] = *member.checkpoint_after_promote;
  if (!member.tags.empty()) fields["tags"] = member.tags;
  if (member.pending_restart) fields["pending_restart"] = true;
  if (!member.pending_restart_reason.empty())
    fields["pending_restart_reason"] = member.pending_restart_reason;
  put_position(fields, "xlog_location", member.xlog_location);
  put_position(fields, "receive_lsn", member.receive_lsn);
  put_position(fields, "replay_lsn", member.replay_lsn);
  if (!member.replication_state.empty()) fields["replication_state"] = member.replication_state;
  if (member.timeline != 0) fields["timeline"] = member.timeline;
  if (!member.scheduled_restart.empty()) fields["scheduled_restart"] = member.scheduled_restart;
  if (member.pause) fields["pause"] = true;
  if (member.holdfast) fields["holdfast"] = print_holdfast(*member.holdfast);
  for (const auto& [key, value] : member.other) fields[key] = value;
  return print_json(fields);
}

}  // namespace holdfast::dcs
