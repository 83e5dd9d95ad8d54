#pragma once

#include <memory>

#include "config/config.hpp"
#include "drill/figures.hpp"
#include "drill/options.hpp"
#include "drill/storm_run.hpp"

namespace holdfast::drill {

// One drill from the first look to the report. It lives on one executor.
class Run {
 public:
  Run(Options options, Scene& scene, Hands& hands)
      : options_{std::move(options)}, scene_{scene}, hands_{hands} {}

  // `patience`: for redundancy to be proven. Errc::refused: nothing was done, and why.
  awaitable<Result<Report>> run(nanoseconds patience);
  // Undoes what a storm began, and comes to its end. False: this drill can't be stopped.
  bool stop();

 private:
  awaitable<Result<void>> prove_redundancy(nanoseconds patience);
  awaitable<Result<void>> look_for_others();
  Result<void> check_reach();
  awaitable<Result<void>> do_plan();
  awaitable<Result<void>> do_storm();
  awaitable<void> start_again(std::string node);
  awaitable<Result<Report>> finish();

  Options options_;
  Scene& scene_;
  Hands& hands_;
  std::unique_ptr<StormRun> storm_;
  StormOptions storm_options_;
  std::vector<Step> steps_;
};

}  // namespace holdfast::drill
