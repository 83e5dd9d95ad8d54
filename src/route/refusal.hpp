#pragma once

#include <string>
#include <string_view>

namespace holdfast::route {

// SQLSTATEs that a proxy in tcp mode answers itself (PostgreSQL docs, appendix "Error Codes").
inline constexpr std::string_view cannot_connect_now = "57P03";
inline constexpr std::string_view too_many_connections = "53300";

// A FATAL ErrorResponse of protocol 3.0, ready to send. `sqlstate` has five characters.
std::string print_fatal(std::string_view sqlstate, std::string_view message);

// Tells a client that it can't be served, whatever it has begun to say: reads only as much of the start-up
// phase as is needed to answer in words that its driver shows (docs, "Message Flow: Start-up").
class Refusal {
 public:
  struct Step {
    std::string write;
    bool done = false;  // close after writing

    bool operator==(const Step&) const = default;
  };

  explicit Refusal(std::string error) : error_{std::move(error)} {}

  // The next bytes of the client, cut anywhere.
  Step on_bytes(std::string_view bytes);
  // It says nothing more: tell it anyway.
  Step on_silence() const { return {.write = error_, .done = true}; }

 private:
  std::string error_;
  std::string input_;
  int negotiations_ = 0;
};

}  // namespace holdfast::route
