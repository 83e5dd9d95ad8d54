#include "proxy/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace holdfast::proxy {

std::optional<Pipe> Pipe::open() {
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return std::nullopt;
  ::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(capacity));  // a wish: the user's pipe quota may say no
  return Pipe{ends[0], ends[1]};
}

Pipe::~Pipe() {
  if (read_ >= 0) ::close(read_);
  if (write_ >= 0) ::close(write_);
}

std::ptrdiff_t Pipe::fill_from(int socket) {
  return ::splice(socket, nullptr, write_, nullptr, capacity, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

std::ptrdiff_t Pipe::drain_to(int socket, std::size_t count) {
  return ::splice(read_, nullptr, socket, nullptr, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

}  // namespace holdfast::proxy
