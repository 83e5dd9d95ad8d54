#pragma once

#include <termios.h>

#include <string>
#include <vector>

namespace holdfast::demo {

// The terminal while the live view has it: alternate screen, no echo, no line buffering. Restored at the end.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  int width() const;
  int height() const;
  // Writes all lines in one go, over the old ones: nothing is cleared first, so nothing flickers.
  void show(const std::vector<std::string>& lines);
  // Keys pressed since the last call.
  std::string keys();

 private:
  termios before_{};
};

}  // namespace holdfast::demo
