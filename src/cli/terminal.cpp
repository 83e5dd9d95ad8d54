#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>

namespace holdfast::cli {
namespace {

// Echo is off for the life of this object, where standard input is a terminal.
class Silence {
 public:
  Silence() : is_terminal_{tcgetattr(STDIN_FILENO, &before_) == 0} {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (is_terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (is_terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool is_terminal_;
};

}  // namespace

void Terminal::say(std::string_view line) {
  out_ << line << '\n' << std::flush;
}

void Terminal::complain(std::string_view line) {
  err_ << line << '\n' << std::flush;
}

void Terminal::clear() {
  if (is_screen_) out_ << "\033[2J\033[1;1H";
}

Result<std::string> Terminal::read_line() {
  std::string line;
  if (!std::getline(in_, line)) return fail(Errc::cancelled, "the input ended");
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.pop_back();
  return line;
}

Result<std::string> Terminal::ask(std::string_view question, std::optional<std::string> fallback) {
  for (;;) {
    out_ << question;
    if (fallback) out_ << fmt::format(" [{}]", *fallback);
    out_ << ": " << std::flush;
    auto answer = read_line();
    if (!answer || !answer->empty()) return answer;
    if (fallback) return *fallback;
  }
}

Result<bool> Terminal::confirm(std::string_view question) {
  for (;;) {
    out_ << question << " [y/N]: " << std::flush;
    auto answer = read_line();
    if (!answer) return tl::unexpected(answer.error());
    std::ranges::transform(*answer, answer->begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (*answer == "y" || *answer == "yes") return true;
    if (answer->empty() || *answer == "n" || *answer == "no") return false;
    say("Error: invalid input");
  }
}

Result<Secret> Terminal::ask_secret(std::string_view question) {
  out_ << question << ": " << std::flush;
  const Silence silence;
  auto answer = read_line();
  out_ << '\n' << std::flush;
  if (!answer) return tl::unexpected(answer.error());
  return Secret{*std::move(answer)};
}

Terminal standard_terminal() {
  return Terminal{std::cin, std::cout, std::cerr, isatty(STDOUT_FILENO) == 1};
}

}  // namespace holdfast::cli
