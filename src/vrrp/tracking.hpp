#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vrrp/router.hpp"

// From what is watched to a router's standing: keepalived's weights, and the local proxy's health.
namespace holdfast::vrrp {

// One track_interface, track_script, track_file or track_process of an instance, with its weight there.
struct Tracked {
  std::string name;      // "interface eth0", "script chk_disk"
  int weight = 0;        // 0: its failure is a fault; else -253 to 253: negative is added while it fails,
                         // positive while it works
  bool reverse = false;  // the other way round
  std::optional<bool> is_up;  // nullopt: not known yet (counts as keepalived's init: a fault for weight 0)
  int file_value = 0;         // track_file: the number in the file, times the weight, is added
  bool is_file = false;
  std::string why;  // when it is down: "carrier lost", "exit code 1"

  bool operator==(const Tracked&) const = default;
};

// Of the proxy on this host; nullopt where there is none to track.
struct ServiceHealth {
  bool is_well = true;
  std::string why;  // when it is not

  bool operator==(const ServiceHealth&) const = default;
};

// base 255 is the address' owner: weights don't change it, as in keepalived. The sum is kept within 1 to 254.
Standing assess(int base_priority, const std::vector<Tracked>& tracked,
                const std::optional<ServiceHealth>& service);

// vrrp_script's rise and fall: the verdict changes after so many results in a row. The first result decides
// alone, unless init_fail said that it has failed (keepalived).
class ScriptVerdict {
 public:
  ScriptVerdict(int rise, int fall, bool init_fail) : rise_{rise}, fall_{fall} {
    if (init_fail) is_up_ = false;
  }

  void on_result(bool succeeded);
  std::optional<bool> is_up() const { return is_up_; }  // nullopt: no result yet, and not init_fail

 private:
  int rise_;
  int fall_;
  int in_a_row_ = 0;
  bool last_ = false;
  std::optional<bool> is_up_;
};

}  // namespace holdfast::vrrp
