#pragma once

namespace holdfast::route {

struct HealthOptions {
  int fall = 3;  // failures in a row that take a server out
  int rise = 2;  // successes in a row that bring it back
};

// HAProxy's rise and fall over a row of check results. The first result counts at once.
class Health {
 public:
  explicit Health(HealthOptions options) : options_{options} {}

  void on_result(bool ok) {
    if (!checked_ || ok == up_) {
      against_ = 0;
      up_ = ok;
    } else if (++against_ >= (up_ ? options_.fall : options_.rise)) {
      against_ = 0;
      up_ = ok;
    }
    checked_ = true;
  }
  // The server itself said that it is something else: no need to ask again.
  void set_down() {
    up_ = false;
    against_ = 0;
    checked_ = true;
  }
  bool is_up() const { return up_; }

 private:
  HealthOptions options_;
  bool checked_ = false;
  bool up_ = false;
  int against_ = 0;  // results in a row that disagree with up_
};

}  // namespace holdfast::route
