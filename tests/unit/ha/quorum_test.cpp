#include "ha/quorum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/overload.hpp"

namespace holdfast::ha {
namespace {

using Names = std::vector<Name>;

Names subset(unsigned bits, std::size_t of) {
  Names names;
  for (std::size_t i = 0; i < of; ++i) {
    if ((bits >> i & 1U) != 0) names.push_back(std::string(1, static_cast<char>('a' + i)));
  }
  return names;
}

// What PostgreSQL and the voters do, as sets: commits by the standbys that have them. Commits are
// acknowledged at every instant by any standbys that the names allow.
struct Reality {
  QuorumState state;
  std::vector<Names> holders;  // of every commit acknowledged so far, one by one

  bool is_true() const {
    return std::all_of(holders.begin(), holders.end(), [&](const Names& has) {
      const auto voters = std::count_if(has.begin(), has.end(), [&](const Name& name) {
        return std::binary_search(state.claim.voters.begin(), state.claim.voters.end(), name);
      });
      return static_cast<std::size_t>(voters) >= state.claim.required;
    });
  }
  // The least that PostgreSQL waits for, by every choice of standbys.
  void acknowledge_all(std::size_t standbys) {
    for (unsigned bits = 0; bits < 1U << standbys; ++bits) {
      const Names has = subset(bits, standbys);
      Names counted;
      std::set_intersection(has.begin(), has.end(), state.waits.names.begin(), state.waits.names.end(),
                            std::back_inserter(counted));
      if (counted.size() == has.size() && has.size() == state.waits.count) holders.push_back(has);
    }
  }
  void confirm(const Name& name) {
    for (auto& has : holders) {
      if (std::find(has.begin(), has.end(), name) == has.end()) has.push_back(name);
    }
    auto& confirmed = state.confirmed;
    if (std::binary_search(confirmed.begin(), confirmed.end(), name)) return;
    confirmed.insert(std::upper_bound(confirmed.begin(), confirmed.end(), name), name);
  }
  void take(const Transition& transition) {
    std::visit(Overload{[&](const Claim& claim) { state.claim = claim; },
                        [&](const SynchronousNames& waits) {
                          state.waits = waits;
                          state.confirmed.clear();
                        }},
               transition);
  }
};

bool is_reached(const QuorumState& state, const QuorumTarget& target) {
  return state.waits == target.waits && state.claim == Claim{target.waits.names, target.waits.count};
}

// Goes to the target with commits at every instant; whoever is waited for catches up only when nothing else
// can be done. Counts the transitions; 0: it never got there.
int way(Reality reality, const QuorumTarget& target, std::size_t standbys) {
  constexpr int way_max = 12;
  auto late = target.waits.names;
  for (int steps = 1; steps <= way_max;) {
    reality.acknowledge_all(standbys);
    EXPECT_TRUE(reality.is_true());
    EXPECT_TRUE(is_kept_by(reality.state.claim, reality.state.waits));
    if (is_reached(reality.state, target)) return steps;
    if (const auto next = next_transition(reality.state, target)) {
      reality.take(*next);
      late = target.waits.names;
      ++steps;
    } else if (late.empty()) {
      return 0;
    } else {
      reality.confirm(late.back());
      late.pop_back();
    }
  }
  return 0;
}

TEST(QuorumResolver, keeps_the_claim_true_and_arrives_from_every_state_of_three_standbys) {
  constexpr std::size_t standbys = 3;
  int ways = 0;
  for (unsigned voters = 0; voters < 8; ++voters) {
    for (unsigned names = 0; names < 8; ++names) {
      const Names v = subset(voters, standbys);
      const Names s = subset(names, standbys);
      for (std::size_t required = v.empty() ? 0 : 1; required <= v.size(); ++required) {
        for (std::size_t count = s.empty() ? 0 : 1; count <= s.size(); ++count) {
          Reality start{{{v, required}, {s, count, true}, {}}, {}};
          if (!is_kept_by(start.state.claim, start.state.waits)) continue;
          for (unsigned wanted = 0; wanted < 8; ++wanted) {
            const Names w = subset(wanted, standbys);
            for (std::size_t k = w.empty() ? 0 : 1; k <= w.size(); ++k) {
              const bool may_be_on = k == w.size();
              for (const auto mode : {SyncMode::quorum, SyncMode::on}) {
                if (mode == SyncMode::on && !may_be_on) continue;
                const QuorumTarget target{{w, k, mode == SyncMode::quorum}, mode};
                ASSERT_GT(way(start, target, standbys), 0) << voters << ' ' << required << ' ' << names << ' '
                                                           << count << " to " << wanted << ' ' << k;
                ++ways;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(ways, 1000);
}

RC_GTEST_PROP(QuorumResolver, keeps_the_claim_true_when_the_wish_changes_on_the_way, ()) {
  constexpr std::size_t standbys = 4;
  Reality reality;
  for (int i = 0; i < 30; ++i) {
    const Names w = subset(static_cast<unsigned>(*rc::gen::inRange(0, 16)), standbys);
    const auto mode = *rc::gen::element(SyncMode::on, SyncMode::quorum);
    const auto any = static_cast<std::size_t>(*rc::gen::inRange<std::size_t>(1, w.size() + 2));
    const auto k = mode == SyncMode::on ? w.size() : std::min(any, w.size());
    const QuorumTarget target{{w, k, mode == SyncMode::quorum}, mode};
    const int steps = *rc::gen::inRange(0, 3);
    for (int step = 0; step < steps; ++step) {
      reality.acknowledge_all(standbys);
      RC_ASSERT(reality.is_true());
      if (const auto next = next_transition(reality.state, target)) reality.take(*next);
      reality.acknowledge_all(standbys);
      RC_ASSERT(reality.is_true());
    }
    const auto& names = reality.state.waits.names;
    if (!names.empty() && *rc::gen::arbitrary<bool>()) reality.confirm(*rc::gen::elementOf(names));
    std::sort(reality.holders.begin(), reality.holders.end());
    reality.holders.erase(std::unique(reality.holders.begin(), reality.holders.end()), reality.holders.end());
  }
}

TEST(QuorumResolver, gives_up_a_claim_that_somebody_elses_names_do_not_keep) {
  const QuorumState state{{{"a", "b"}, 1}, {{"*"}, 1, false}, {}};
  const auto next = next_transition(state, {{{"a", "b"}, 1, true}, SyncMode::quorum});
  ASSERT_TRUE(next);
  EXPECT_EQ(std::get<Claim>(*next), Claim{});
}

TEST(QuorumResolver, goes_from_on_to_quorum_and_back_with_somebody_who_may_take_over_at_every_instant) {
  const QuorumTarget on{{{"a"}, 1, false}, SyncMode::on};
  const QuorumTarget quorum{{{"a", "b"}, 1, true}, SyncMode::quorum};
  QuorumState state{{{"a"}, 1}, on.waits, {}};
  state.claim = std::get<Claim>(*next_transition(state, quorum));
  EXPECT_EQ(state.claim, (Claim{{"a", "b"}, 1})) << "whom to ask first, then whom to wait for";
  state.waits = std::get<SynchronousNames>(*next_transition(state, quorum));
  EXPECT_EQ(state.waits, quorum.waits);
  EXPECT_EQ(next_transition(state, quorum), std::nullopt);
  state.waits = std::get<SynchronousNames>(*next_transition(state, on));
  EXPECT_EQ(next_transition(state, on), std::nullopt) << "a may lack commits that b has";
  state.confirmed = {"a"};
  EXPECT_EQ(std::get<Claim>(*next_transition(state, on)), (Claim{{"a"}, 1}));
}

}  // namespace
}  // namespace holdfast::ha
