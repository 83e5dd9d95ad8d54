#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace holdfast::cli {

// Where a verb talks with its user. Blocks: the command line has nothing else to do.
class Terminal {
 public:
  // `is_screen`: standard output is a terminal, so that a screen can be cleared and progress redrawn.
  Terminal(std::istream& in, std::ostream& out, std::ostream& err, bool is_screen)
      : in_{in}, out_{out}, err_{err}, is_screen_{is_screen} {}

  void say(std::string_view line);       // to standard output, with a line break
  void complain(std::string_view line);  // to standard error
  void clear();                          // nothing when the output is no screen
  bool is_screen() const { return is_screen_; }

  // "question [fallback]: "; an empty answer is the fallback, without one it is asked again. Errc::cancelled
  // when the input ends.
  Result<std::string> ask(std::string_view question, std::optional<std::string> fallback = {});
  // "question [y/N]: "
  Result<bool> confirm(std::string_view question);
  Result<Secret> ask_secret(std::string_view question);  // without echo

 private:
  Result<std::string> read_line();

  std::istream& in_;
  std::ostream& out_;
  std::ostream& err_;
  bool is_screen_;
};

// Standard input, output and error of this process.
Terminal standard_terminal();

}  // namespace holdfast::cli
