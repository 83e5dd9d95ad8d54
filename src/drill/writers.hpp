#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/timeline.hpp"

namespace holdfast::drill {

// One answer of a server to "are you in recovery?": true at some moment between asking and hearing.
struct RecoveryAnswer {
  BootInstant asked{};
  BootInstant heard{};
  bool writable = false;
  Timeline timeline = 0;
};

// Two servers that were both out of recovery, and for how long that is proven.
struct TwoWriters {
  std::string one;
  std::string other;
  BootInstant from{};
  BootInstant to{};
};

// Finds moments with two writable servers. Proven means: one said "writable" while, before and after, the
// other said so too, without having left that state or timeline in between. A false alarm is impossible:
// answers that merely overlap prove nothing, as a server may have changed between being asked and being
// heard.
class WriterWatch {
 public:
  void add(const std::string& member, RecoveryAnswer answer);
  void lose(const std::string& member) { open_[member].reset(); }  // it did not answer: it may have restarted
  std::vector<TwoWriters> found() const;

 private:
  // An uninterrupted stretch of "writable" answers on one timeline. A single answer has to < from: it was
  // writable at some moment between the two.
  struct Reign {
    std::string member;
    Timeline timeline = 0;
    BootInstant from{};  // heard first
    BootInstant to{};    // asked last
  };
  std::vector<Reign> reigns_;
  std::map<std::string, std::optional<std::size_t>> open_;  // index into reigns_
};

}  // namespace holdfast::drill
