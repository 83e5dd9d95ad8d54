#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/overload.hpp"
#include "ha/action.hpp"

namespace holdfast::ha {
namespace {

std::string names_text(const std::vector<Name>& names) {
  return names.empty() ? std::string{"nobody"} : fmt::format("{}", fmt::join(names, ", "));
}

std::string waits_text(const SynchronousNames& waits) {
  if (waits.count == 0 || waits.count == waits.names.size()) return names_text(waits.names);
  return fmt::format("any {} of {}", waits.count, names_text(waits.names));
}

std::string upstream_text(const Name& upstream) {
  return upstream.empty() ? "nobody" : upstream;
}

}  // namespace

bool SyncKey::lists(const Name& name) const {
  return std::find(standbys.begin(), standbys.end(), name) != standbys.end();
}

const Member* Cluster::find(const Name& name) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.name == name; });
  return found == members.end() ? nullptr : &*found;
}

const Peer* View::heard(const Name& name) const {
  const auto found = peers.find(name);
  return found != peers.end() && found->second.is_heard(now) ? &found->second : nullptr;
}

std::string to_string(const Action& action) {
  using fmt::format;
  return std::visit(
      Overload{
          [](const TakeInitialize&) -> std::string { return "take the initialize key"; },
          [](const DropInitialize&) -> std::string { return "drop the initialize key"; },
          [](const AcquireLeader& a) {
            return format("acquire leader{}, timeline {}", a.writes_sync ? ", write sync" : "", a.timeline);
          },
          [](const ReadoptLeader&) -> std::string { return "readopt leader"; },
          [](const RenewLease&) -> std::string { return "renew lease"; },
          [](const GiveOutTimeline& a) { return format("give out timeline {}", a.number); },
          [](const ReleaseLeader&) -> std::string { return "release leader"; },
          [](const WriteSync& a) {
            return format("write sync: {}{}", names_text(a.standbys),
                          a.quorum == 0 ? "" : format(", quorum {}", a.quorum));
          },
          [](const DeleteSync&) -> std::string { return "delete sync"; },
          [](const ClearFailover&) -> std::string { return "clear failover"; },
          [](const SetSynchronousNames& a) { return format("wait for {}", waits_text(a.names)); },
          [](const Follow& a) { return format("follow {}", upstream_text(a.upstream)); },
          [](const Bootstrap&) -> std::string { return "bootstrap"; },
          [](const StartPrimary&) -> std::string { return "start as primary"; },
          [](const StartStandby& a) { return format("start as standby of {}", upstream_text(a.upstream)); },
          [](const StopServer& a) {
            return format("stop {}", a.mode == StopMode::fast ? "fast" : "immediate");
          },
          [](const KillServer&) -> std::string { return "kill postgres"; },
          [](const Promote& a) { return format("promote to timeline {}", a.timeline); },
          [](const RunCheckpoint&) -> std::string { return "checkpoint"; },
          [](const Clone& a) { return format("clone from {}", a.source); },
          [](const Rewind& a) { return format("rewind from {}", a.source); },
          [](const SetAside& a) { return format("set the data directory aside: {}", a.why); },
          [](const Exit&) -> std::string { return "exit"; },
      },
      action);
}

Job job_of(const Action& action) {
  return std::visit(Overload{
                        [](const Bootstrap&) { return Job::bootstrap; },
                        [](const StartPrimary&) { return Job::start; },
                        [](const StartStandby&) { return Job::start; },
                        [](const StopServer&) { return Job::stop; },
                        [](const KillServer&) { return Job::kill; },
                        [](const Promote&) { return Job::promote; },
                        [](const RunCheckpoint&) { return Job::checkpoint; },
                        [](const Clone&) { return Job::clone; },
                        [](const Rewind&) { return Job::rewind; },
                        [](const SetAside&) { return Job::set_aside; },
                        [](const auto&) { return Job::none; },
                    },
                    action);
}

}  // namespace holdfast::ha
