#include "demo/screen.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string_view>

namespace holdfast::demo {
namespace {

void put(std::string_view text) {
  while (!text.empty()) {
    const auto written = write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

winsize size_of_terminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {.ws_row = 24, .ws_col = 80};
  return size;
}

}  // namespace

Screen::Screen() {
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  put("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J");
}

Screen::~Screen() {
  put("\x1b[?7h\x1b[?25h\x1b[?1049l");
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

int Screen::width() const {
  return size_of_terminal().ws_col;
}
int Screen::height() const {
  return size_of_terminal().ws_row;
}

void Screen::show(const std::vector<std::string>& lines) {
  std::string frame = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) frame += "\r\n";
    frame += lines[i] + "\x1b[0m\x1b[K";
  }
  put(frame + "\x1b[J");
}

std::string Screen::keys() {
  std::string pressed;
  pollfd ready{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  while (poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
    char bytes[32];
    const auto count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) break;
    pressed.append(bytes, static_cast<std::size_t>(count));
  }
  return pressed;
}

}  // namespace holdfast::demo
