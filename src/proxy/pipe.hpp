#pragma once

#include <cstddef>
#include <optional>
#include <utility>

namespace holdfast::proxy {

// A kernel pipe that splice(2) carries bytes through without their entering our memory.
class Pipe {
 public:
  static constexpr std::size_t capacity = 256 * 1024;

  static std::optional<Pipe> open();  // nullopt: no descriptors left; copying does the same
  Pipe(Pipe&& other) noexcept
      : read_{std::exchange(other.read_, -1)}, write_{std::exchange(other.write_, -1)} {}
  Pipe& operator=(Pipe&&) = delete;
  ~Pipe();

  // Bytes moved; 0: end of stream (fill); -1: errno says why (EAGAIN: the socket, or the full pipe, has to
  // wait).
  std::ptrdiff_t fill_from(int socket);
  std::ptrdiff_t drain_to(int socket, std::size_t count);

 private:
  Pipe(int read, int write) : read_{read}, write_{write} {}
  int read_;
  int write_;
};

}  // namespace holdfast::proxy
