#include "etcd/plan.hpp"

#include <algorithm>

namespace holdfast::etcd {
namespace {

using Kind = Plan::Kind;

const dcs::StoreMember* find_self(const Situation& situation) {
  const auto is_ours = [&](const dcs::StoreMember& member) {
    if (!member.name.empty()) return member.name == situation.name;
    return std::find_first_of(member.peer_urls.begin(), member.peer_urls.end(), situation.peer_urls.begin(),
                              situation.peer_urls.end()) != member.peer_urls.end();
  };
  const auto found = std::find_if(situation.members->begin(), situation.members->end(), is_ours);
  return found == situation.members->end() ? nullptr : &*found;
}

Plan plan_with_data(const Situation& situation) {
  if (situation.members && find_self(situation) == nullptr) {
    return {Kind::move_aside, {}, false, "this member was removed from the cluster"};
  }
  return {Kind::start, {}, false, "the data directory holds a member"};
}

Plan plan_without_answer(const Situation& situation) {
  if (!situation.had_joined) return {Kind::bootstrap, {}, false, "first start"};
  if (situation.is_alone) {
    return {
        Kind::wait,
        {},
        false,
        "the data directory of the only member is empty, but it was not before: is its file system mounted?"};
  }
  return {Kind::wait,
          {},
          false,
          "the data directory is empty, but it was not before; no other member answers to join anew"};
}

}  // namespace

Plan plan_start(const Situation& situation) {
  if (situation.has_data) return plan_with_data(situation);
  if (!situation.members) return plan_without_answer(situation);
  const auto* self = find_self(situation);
  if (self == nullptr) return {Kind::join, {}, false, "the cluster does not know this member yet"};
  if (self->name.empty()) return {Kind::join, {}, true, "the cluster waits for this member"};
  // Named in the initial cluster, never started: client URLs are published by the first start.
  const bool never_started = self->client_urls.empty() && !situation.had_joined;
  if (never_started) return {Kind::bootstrap, {}, false, "first start"};
  return {Kind::join, self->id, false, "the data directory is lost: joining anew"};
}

}  // namespace holdfast::etcd
