#pragma once

#include <unistd.h>

#include <utility>

namespace holdfast::async {

// An open file descriptor with an owner; -1: none. For what Asio does not read or write.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_{fd} {}
  Fd(Fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }  // the caller's from now on
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

}  // namespace holdfast::async
