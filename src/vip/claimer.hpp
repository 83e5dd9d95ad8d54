#pragma once

#include <functional>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "dcs/store.hpp"

namespace holdfast::vip {

struct ClaimOptions {
  std::string key;     // /service/<scope>/holdfast/vip/<instance>
  std::string holder;  // this host's name
  milliseconds ttl = 3s;
  double clock_drift_max = 0.001;  // of what the lease is worth by our clock (EC-1)
};

// `ownership: lease`: the right to hold an instance's addresses is a key in the DCS on a lease of ours. Two
// hosts never have it at once; who is cut off from the DCS has lost it when the lease ends, by his own clock
// before it ends there (EC-100). The price: a holder that dies without a word keeps the others waiting for
// that long.
class Claimer {
 public:
  // Ours until then; nullopt: lost, or somebody else's, and no longer tried for: who still wants it claims
  // again. While the DCS says nothing, nothing is said, but that a lease of ours has ended.
  using Answer = std::function<void(std::optional<BootInstant>)>;
  Claimer(const asio::any_io_executor& executor, dcs::Store* store, ClaimOptions options, Answer answer);

  void claim();            // tries until the DCS has answered, and keeps it
  void unclaim();          // gives it back
  awaitable<void> stop();  // gives it back, as far as the DCS answers

 private:
  awaitable<void> run();
  awaitable<Result<void>> take();
  awaitable<Result<void>> renew();
  void lose();
  awaitable<void> give_back();

  dcs::Store* store_;
  ClaimOptions options_;
  Answer answer_;
  bool is_wanted_ = false;
  dcs::LeaseId lease_;
  BootInstant until_{};
  std::string trouble_;  // as last logged
  async::Event changed_;
  async::TaskGroup tasks_;
};

}  // namespace holdfast::vip
