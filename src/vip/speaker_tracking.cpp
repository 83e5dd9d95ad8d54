#include <pwd.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "vip/speaker.hpp"

namespace holdfast::vip {
namespace {

std::optional<uid_t> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  return entry == nullptr ? std::optional<uid_t>{} : entry->pw_uid;
}

}  // namespace

// A reload keeps those whose configuration is the same, with their verdicts: a script that is not known yet
// is a fault, or lacks its weight, and would cost a master its state.
void Speaker::make_trackers() {
  Trackers old = std::exchange(trackers_, {});
  const auto keep = [&](const char* kind, const auto& wanted) {
    for (const auto& each : wanted) {
      const auto name = std::string{kind} + " " + each.name;
      auto there = old.extract(name);
      if (there && there.mapped().config == Watched{.config = each, .tracker = {}, .task = {}}.config) {
        trackers_.insert(std::move(there));
        continue;
      }
      if (there) old.insert(std::move(there));
      auto tracker = make_tracker(each);
      if (!tracker) continue;
      auto task = std::make_shared<async::TaskGroup>(executor_);
      task->spawn(name, tracker->run());
      trackers_.insert_or_assign(name, Watched{each, std::move(tracker), std::move(task)});
    }
  };
  keep("script", config_.vip.vrrp_script);
  keep("file", config_.vip.track_file);
  keep("process", config_.vip.vrrp_track_process);
  end_trackers(old);
}

std::unique_ptr<Tracker> Speaker::make_tracker(const config::VrrpScript& script) {
  const auto user = script.user.empty() ? script_user_ : find_user(script.user);
  if (!script.user.empty() && !user) {  // and not as root instead
    log::error("a vrrp_script names a user that is not there, it is not run",
               {{"script", script.name}, {"user", script.user}});
    return {};
  }
  return script_tracker(script, user, [this] { reassess_all(); });
}

std::unique_ptr<Tracker> Speaker::make_tracker(const config::TrackFile& file) {
  return file_tracker(file, [this] { reassess_all(); });
}

std::unique_ptr<Tracker> Speaker::make_tracker(const config::TrackProcess& process) {
  return process_tracker(executor_, process, [this] { reassess_all(); });
}

void Speaker::end_trackers(Trackers& trackers) {
  for (auto& [name, watched] : trackers) endings_.spawn("end of " + name, end_tracking(std::move(watched)));
  trackers.clear();
}

awaitable<void> Speaker::end_tracking(Watched watched) {
  co_await watched.task->stop();
  co_await watched.tracker->stop();
}

void Speaker::watch_proxy() {
  const bool is_tracked =
      std::ranges::any_of(config_.vip.vrrp_instance, [](const auto& each) { return each.track_proxy; });
  if (!is_tracked || proxy_subscriber_) return;
  proxy_wellbeing_ = heartbeat::Wellbeing{.is_well = false, .why = "the proxy has not been heard yet"};
  const auto address = heartbeat::local_address(config_.scope, config_.name, "proxy");
  proxy_subscriber_ = std::make_unique<heartbeat::LocalSubscriber>(
      executor_, address, "proxy", proxy_users_, [this](const heartbeat::Wellbeing& wellbeing) {
        const auto level = wellbeing.is_well ? log::Level::info : log::Level::warn;
        log::write(
            level,
            wellbeing.is_well ? "the proxy of this host is well" : "the proxy of this host is not well",
            {{"why", wellbeing.why}});
        proxy_wellbeing_ = wellbeing;
        reassess_all();
      });
}

std::vector<vrrp::Tracked> Speaker::tracked_of(const Slot& slot) const {
  const auto& config = slot.instance->config();
  std::vector<vrrp::Tracked> all;
  all.push_back(
      {.name = "interface " + slot.instance->interface(), .is_up = slot.fault.empty(), .why = slot.fault});
  for (const auto& entry : config.track_interface) {
    const auto fault = fault_of_link(entry.name, host_);
    all.push_back({.name = "interface " + entry.name,
                   .weight = entry.weight.value_or(0),
                   .reverse = entry.reverse,
                   .is_up = !fault,
                   .why = fault.value_or("")});
  }
  const auto add = [&](const char* kind, const std::vector<config::TrackEntry>& entries,
                       const auto& defaults) {
    for (const auto& entry : entries) {
      const auto tracker = trackers_.find(std::string{kind} + " " + entry.name);
      const auto of = std::ranges::find(defaults, entry.name, [](const auto& each) { return each.name; });
      if (tracker == trackers_.end() || of == defaults.end()) continue;
      const auto& state = tracker->second.tracker->state();
      bool reverse = entry.reverse;
      if constexpr (requires { of->reverse; }) reverse = reverse || of->reverse;
      all.push_back({.name = tracker->first,
                     .weight = entry.weight.value_or(of->weight),
                     .reverse = reverse,
                     .is_up = state.is_up,
                     .file_value = state.file_value,
                     .is_file = std::string_view{kind} == "file",
                     .why = state.why});
    }
  };
  add("script", config.track_script, config_.vip.vrrp_script);
  add("file", config.track_file, config_.vip.track_file);
  add("process", config.track_process, config_.vip.vrrp_track_process);
  return all;
}

vrrp::Standing Speaker::standing_of(const Slot& slot) const {
  const auto& config = slot.instance->config();
  std::optional<vrrp::ServiceHealth> service;
  if (config.track_proxy && proxy_wellbeing_)
    service = vrrp::ServiceHealth{.is_well = proxy_wellbeing_->is_well, .why = proxy_wellbeing_->why};
  return vrrp::assess(config.priority, tracked_of(slot), service);
}

void Speaker::reassess_all() {
  if (!is_running_) return;
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    if (!slots_[place].instance) continue;
    const auto standing = standing_of(slots_[place]);
    if (standing != ensemble_.view(place).standing)
      apply(ensemble_.on_standing(BootClock::now(), place, standing));
    note_priority(place);
  }
}

}  // namespace holdfast::vip
