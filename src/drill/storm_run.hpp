#pragma once

#include <string>
#include <utility>
#include <vector>

#include "drill/scene.hpp"
#include "drill/storm.hpp"

namespace holdfast::drill {

// What these hands can do to this cluster, asked before anything is done. `seed`, `length` and `is_mean` are
// kept. Errc::refused: not even the least, and why.
Result<StormOptions> able(StormOptions options, const Places& places, Hands& hands);

// Does a planned storm to a cluster that is under load. Whatever it began it undoes, also when it is stopped
// or a deed fails.
class StormRun {
 public:
  StormRun(Scene& scene, StormOptions options)
      : scene_{scene}, options_{options}, storm_{plan_storm(options)}, taken_(storm_.tracks.size()) {}

  // One step for each trouble, in order of time, and one for the whole; `limit`: for being whole at the end.
  awaitable<std::vector<Step>> run(nanoseconds limit);
  void stop() { is_stopped_ = true; }

 private:
  using Lasting = std::pair<Victim, Deed>;  // a deed to be done yet, that undoes another

  awaitable<void> run_track(std::size_t track);
  awaitable<void> rest(nanoseconds length);
  awaitable<std::optional<std::string>> choose(std::size_t track, Trouble trouble);
  awaitable<void> inflict(std::size_t track, Trouble trouble, std::string victim);
  awaitable<void> deal(Beat beat, std::string victim, std::vector<Lasting>& lasting);
  awaitable<void> undo(std::string victim, std::vector<Lasting> lasting);
  bool is_over() const;
  void tell(std::string text) { scene_.observer().chronicle().tell(std::move(text), BootClock::now(), true); }

  Scene& scene_;
  StormOptions options_;
  Storm storm_;
  std::vector<std::string> taken_;  // by track: the host that it hits now
  std::vector<Step> steps_;
  BootInstant began_{};
  bool is_stopped_ = false;
};

}  // namespace holdfast::drill
