#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"

// What was seen over time, as lanes of states and a list of events: the material of every report.
namespace holdfast::drill {

// How a state is to be looked at; the words are the state itself.
enum class Tone { good, calm, busy, bad, unknown };

struct Span {
  std::string state;
  Tone tone = Tone::unknown;
  BootInstant from{};
  BootInstant to{};  // of the last one: until when it is known

  bool operator==(const Span&) const = default;
};

struct Lane {
  std::string name;
  std::vector<Span> spans;  // without holes, in order
};

struct Happening {
  BootInstant at{};
  std::string text;
  bool ours = false;  // done by the drill itself
};

class Chronicle {
 public:
  // The lane is in `state` from now on. The same state again only proves that it lasts. True: it changed.
  bool set(std::string_view lane, std::string state, Tone tone, BootInstant at);
  void tell(std::string text, BootInstant at, bool ours = false);

  const std::vector<Lane>& lanes() const { return lanes_; }  // in order of first appearance
  const std::vector<Happening>& happenings() const { return happenings_; }

 private:
  Lane& lane(std::string_view name);
  std::vector<Lane> lanes_;
  std::vector<Happening> happenings_;
};

}  // namespace holdfast::drill
