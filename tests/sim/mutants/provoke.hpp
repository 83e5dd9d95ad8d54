#pragma once

#include "sim/run/scenario.hpp"

// Fault plans in which one safety rule matters. Each replaces what a seed has drawn, and draws its own
// details, so that the mutant of that rule is caught within few seeds.
namespace holdfast::sim::provoke {

void a_leader_cut_from_etcd(Scenario& scenario, Random& random);
void late_replies_and_a_frozen_agent(Scenario& scenario, Random& random);
void a_frozen_agent(Scenario& scenario, Random& random);
void a_dead_host_with_one_synchronous_standby(Scenario& scenario, Random& random);
void a_leader_cut_from_standbys_and_etcd(Scenario& scenario, Random& random);
void a_primary_that_dies_while_a_standby_catches_up(Scenario& scenario, Random& random);
void two_leaders_in_a_row_beside_a_frozen_candidate(Scenario& scenario, Random& random);
void a_failover_order_to_a_frozen_server(Scenario& scenario, Random& random);
void candidates_that_do_not_hear_each_other(Scenario& scenario, Random& random);
void backends_that_outlive_their_postmaster(Scenario& scenario, Random& random);
void a_wipe_while_the_primary_is_down(Scenario& scenario, Random& random);
void a_paused_primary_and_a_proxy_that_sees_nobody_else(Scenario& scenario, Random& random);
void a_second_failover_that_never_saw_the_first(Scenario& scenario, Random& random);
void standbys_that_come_and_go_beside_a_slow_etcd(Scenario& scenario, Random& random);
void standbys_that_come_and_go_beside_lost_replies(Scenario& scenario, Random& random);
void a_leader_that_demotes_and_comes_back(Scenario& scenario, Random& random);
void a_voter_that_lags_in_quorum_mode(Scenario& scenario, Random& random);
void voters_that_lag_in_quorum_mode(Scenario& scenario, Random& random);
void lost_replies_in_an_election(Scenario& scenario, Random& random);

}  // namespace holdfast::sim::provoke
