#include "sim/vrrp/world.hpp"

// The shell's keeper of claims, and the DCS that it asks.
namespace holdfast::sim::vip {

void World::ask(int host, int network, bool is_claim) {
  auto& keeper = hosts_[at(host)].keepers[at(network)];
  if (!is_claim && mutant_.keeps_claims) return;
  keeper.is_wanted = is_claim;
  ++keeper.generation;
  keeper.waiting.push_back({is_claim, keeper.generation});
  ask_next(host, network);
}

void World::ask_next(int host, int network) {
  auto& keeper = hosts_[at(host)].keepers[at(network)];
  if (keeper.is_asking || keeper.waiting.empty()) return;
  keeper.is_asking = true;
  const auto question = keeper.waiting.front();
  keeper.waiting.pop_front();
  put_question(host, network, question);
}

// A question or an answer that is lost counts as failed after a while, longer than it could have been under
// way.
void World::put_question(int host, int network, Keeper::Question question) {
  const auto sent_at = clock(host);
  const auto incarnation = hosts_[at(host)].incarnation;
  const auto answer = [this, host, network, question, sent_at, incarnation](std::optional<bool> is_ours) {
    deliver(host, [=, this] {
      auto& self = hosts_[at(host)];
      if (self.incarnation != incarnation) return;
      auto& keeper = self.keepers[at(network)];
      keeper.is_asking = false;
      const bool is_current = keeper.generation == question.generation;
      if (!is_ours && question.is_claim && is_current && keeper.is_wanted)
        keeper.waiting.push_front(question);
      if (is_ours) take_answer(host, network, question, *is_ours, sent_at);
      ask_next(host, network);
    });
  };
  queue_.after(latency(), [this, host, network, question, incarnation, answer] {
    const auto is_reachable = [this, host] { return hosts_[at(host)].dcs_cuts == 0 && dcs_down_ == 0; };
    if (!is_reachable()) return queue_.after(2 * scenario_.shape.delay_max + 1ms, [answer] { answer({}); });
    const bool is_ours = judge(host, network, question, incarnation);
    queue_.after(latency(), [is_reachable, is_ours, answer] {
      answer(is_reachable() ? std::optional{is_ours} : std::nullopt);
    });
  });
}

bool World::judge(int host, int network, Keeper::Question question, std::uint64_t incarnation) {
  auto& claimed = claims_[at(network)];
  const bool is_own = claimed.host == host && claimed.incarnation == incarnation;
  if (!question.is_claim) {
    if (is_own && claimed.generation <= question.generation) claimed = {};
    return false;
  }
  if (!is_own && claimed.host >= 0 && now() < claimed.until) return false;
  claimed = {host, incarnation, question.generation, now() + scenario_.shape.claim_ttl};
  return true;
}

void World::take_answer(int host, int network, Keeper::Question question, bool is_ours, BootInstant sent_at) {
  auto& self = hosts_[at(host)];
  auto& keeper = self.keepers[at(network)];
  if (!question.is_claim) return;
  if (keeper.generation != question.generation) return;
  std::optional<BootInstant> until;
  if (is_ours) {
    // Counted from before the question left, by a clock that may be slower than the DCS'.
    until = sent_at + nanoseconds{scenario_.shape.claim_ttl} * 99 / 100;
    if (mutant_.grants != nullptr) mutant_.grants(*until);
    queue_.after(nanoseconds{scenario_.shape.claim_ttl} / 4, [this, host, network, question,
                                                              incarnation = self.incarnation] {
      deliver(host, [=, this] {
        auto& later = hosts_[at(host)];
        auto& asking = later.keepers[at(network)];
        if (later.incarnation != incarnation || asking.generation != question.generation || !asking.is_wanted)
          return;
        asking.waiting.push_back(question);
        ask_next(host, network);
      });
    });
  } else {
    keeper.is_wanted = false;
  }
  apply(host, self.ensemble->on_claim(router_clock(host), at(network), until));
}

}  // namespace holdfast::sim::vip
