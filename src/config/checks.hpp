#pragma once

#include "config/config.hpp"
#include "config/problems.hpp"

namespace holdfast::config {

// Combinations that no single key can see are wrong.
void check_config(const Config& config, Problems& problems);

// Says what is wrong with a value, at the place where it was written.
class Complaints {
 public:
  Complaints(const Node& tree, Problems& problems) : tree_{tree}, problems_{problems} {}
  void error(const std::string& path, std::string text) {
    problems_.error(origin(path), path, std::move(text));
  }
  void warn(const std::string& path, std::string text) {
    problems_.warn(origin(path), path, std::move(text));
  }

 private:
  Origin origin(std::string_view path) const;  // of the value, or of the innermost section that is there

  const Node& tree_;
  Problems& problems_;
};

void check_proxy(const Config& config, Complaints& complaints);
void check_vip(const Config& config, Complaints& complaints);
void check_addresses(const Config& config, Complaints& complaints);

}  // namespace holdfast::config
