#include <functional>

#include "base/exposition.hpp"
#include "vip/documents.hpp"
#include "vip/settings.hpp"

namespace holdfast::vip {
namespace {

using Rows = std::vector<Speaker::Row>;
using OfRow = std::function<std::uint64_t(const Speaker::Row&)>;

// The exporter's labels.
std::string labels_of(const Speaker::Row& row) {
  return print_labels({{"iname", row.instance->name()},
                       {"intf", row.instance->interface()},
                       {"vrid", std::to_string(row.instance->config().virtual_router_id)}});
}

void print_each(std::string& out, const Rows& rows, const std::string& name, const char* type,
                const char* help, const OfRow& value) {
  Family family{out, name, type, help};
  for (const auto& row : rows) family.add(labels_of(row), value(row));
}

void print_states(std::string& out, const Rows& rows) {
  Family family{out, "keepalived_vrrp_state", "gauge", "State: 0 init, 1 backup, 2 master, 3 fault."};
  for (const auto& row : rows) {
    for (const auto& address : row.instance->advertised())
      family.add(labels_of(row) + "," + print_labels({{"ip_address", to_string(address)}}),
                 static_cast<int>(row.view->state));
  }
  Family excluded{out, "keepalived_vrrp_excluded_state", "gauge",
                  "The same, of addresses that are not advertised."};
  for (const auto& row : rows) {
    for (const auto& address : row.instance->config().virtual_ipaddress_excluded)
      excluded.add(labels_of(row) + "," + print_labels({{"ip_address", to_string(address.prefix.address)}}),
                   static_cast<int>(row.view->state));
  }
}

// One counter of keepalived's statistics each, as keepalived-exporter names them.
void print_counters(std::string& out, const Rows& rows) {
  struct Row {
    const char* name;
    const char* help;
    std::uint64_t Statistics::* counter;
  };
  for (const auto& [name, help, counter] : {
           Row{"keepalived_advertisements_received_total", "Adverts received.", &Statistics::advert_rcvd},
           Row{"keepalived_advertisements_sent_total", "Adverts sent.", &Statistics::advert_sent},
           Row{"keepalived_become_master_total", "Times that it became master.", &Statistics::become_master},
           Row{"keepalived_release_master_total", "Times that it left master.", &Statistics::release_master},
           Row{"keepalived_packet_length_errors_total", "Adverts of a wrong length.",
               &Statistics::packet_len_err},
           Row{"keepalived_advertisements_interval_errors_total", "Adverts of another interval.",
               &Statistics::advert_interval_err},
           Row{"keepalived_ip_ttl_errors_total", "Adverts with a TTL other than 255.",
               &Statistics::ip_ttl_err},
           Row{"keepalived_invalid_type_received_total", "Adverts of an unknown type.",
               &Statistics::invalid_type_rcvd},
           Row{"keepalived_address_list_errors_total", "Adverts for other addresses.",
               &Statistics::addr_list_err},
           Row{"keepalived_authentication_invalid_total", "Adverts of an unknown authentication.",
               &Statistics::invalid_authtype},
           Row{"keepalived_authentication_mismatch_total", "Adverts of another authentication.",
               &Statistics::authtype_mismatch},
           Row{"keepalived_authentication_failure_total", "Adverts with a wrong password.",
               &Statistics::auth_failure},
           Row{"keepalived_priority_zero_received_total", "Adverts of priority 0 received.",
               &Statistics::pri_zero_rcvd},
           Row{"keepalived_priority_zero_sent_total", "Adverts of priority 0 sent.",
               &Statistics::pri_zero_sent},
           Row{"holdfast_vip_checksum_errors_total", "Adverts with a wrong checksum.", &Statistics::chk_err},
           Row{"holdfast_vip_version_errors_total", "Adverts of another VRRP version.",
               &Statistics::vers_err},
           Row{"holdfast_vip_strangers_total", "Adverts from who is no peer.", &Statistics::stranger_rcvd},
           Row{"holdfast_vip_gratuitous_sent_total", "Gratuitous ARP and neighbour advertisements sent.",
               &Statistics::gratuitous_sent},
           Row{"holdfast_vip_address_conflicts_total",
               "ARP heard from another host for an address that is held.", &Statistics::address_conflicts},
           Row{"holdfast_vip_two_masters_total", "Adverts of a lower priority heard as master.",
               &Statistics::two_masters},
       }) {
    print_each(out, rows, name, "counter", help,
               [counter](const Speaker::Row& row) { return row.instance->statistics().*counter; });
  }
}

void print_gauges(std::string& out, const Rows& rows) {
  print_each(out, rows, "keepalived_gratuitous_arp_delay_total", "counter",
             "Seconds to the second burst of ARP.", [](const Speaker::Row& row) {
               return static_cast<std::uint64_t>(row.instance->router_options().garp_master_delay / 1s);
             });
  print_each(out, rows, "holdfast_vip_priority", "gauge", "Effective priority.",
             [](const Speaker::Row& row) { return static_cast<std::uint64_t>(row.view->priority); });
  print_each(out, rows, "holdfast_vip_holds_address", "gauge", "1 while the addresses are set on this host.",
             [](const Speaker::Row& row) { return row.instance->has_address() ? 1U : 0U; });
  print_each(out, rows, "holdfast_vip_sick", "gauge",
             "1 while the service behind the address does not work here.",
             [](const Speaker::Row& row) { return row.view->standing.is_sick ? 1U : 0U; });
  Family age{out, "holdfast_vip_last_advert_age_seconds", "gauge", "Since another master was heard."};
  for (const auto& row : rows) {
    if (row.view->master) age.add(labels_of(row), BootClock::now() - row.view->heard_at);
  }
  Family claim{out, "holdfast_vip_claim_remaining_seconds", "gauge", "What is left of the claim in the DCS."};
  for (const auto& row : rows) {
    if (row.view->is_claimed) claim.add(labels_of(row), row.view->claim_until - BootClock::now());
  }
}

void print_scripts(std::string& out, const Speaker& speaker) {
  constexpr std::string_view kind = "script ";
  const auto each = [&](const char* name, const char* help,
                        const std::function<int(const TrackerState&)>& value) {
    Family family{out, name, "gauge", help};
    for (const auto& [tracker, state] : speaker.scripts()) {
      if (tracker.starts_with(kind))
        family.add(print_labels({{"name", tracker.substr(kind.size())}}), value(state));
    }
  };
  each("keepalived_script_status", "1: the last verdict is good.",
       [](const TrackerState& state) { return state.is_up.value_or(false) ? 1 : 0; });
  each("keepalived_script_state", "1: it has a verdict.",
       [](const TrackerState& state) { return state.is_up.has_value() ? 1 : 0; });
}

}  // namespace

std::string print_metrics(const Speaker& speaker) {
  std::string out;
  const auto rows = speaker.rows();
  Family{out, "keepalived_up", "gauge", "1: VRRP is spoken here."}.add(1);
  print_states(out, rows);
  print_counters(out, rows);
  print_gauges(out, rows);
  print_scripts(out, speaker);
  if (const auto& proxy = speaker.proxy())
    Family{out, "holdfast_vip_proxy_well", "gauge", "1 while the proxy of this host works."}.add(
        proxy->is_well ? 1 : 0);
  return out;
}

}  // namespace holdfast::vip
