#pragma once

#include <boost/asio/buffer.hpp>
#include <memory>
#include <string>

#include "async/asio.hpp"

namespace holdfast::http {

// A connected byte stream, plain or TLS. One reader and one writer at a time. Destroying it closes it.
// Neither call has a deadline of its own: wrap it in with_timeout, after which the stream is good for close()
// only.
class Stream {
 public:
  virtual ~Stream() = default;
  // At least one byte into `into` (which must outlive the call); 0 when the peer has ended the stream.
  virtual awaitable<Result<std::size_t>> read_some(asio::mutable_buffer into) = 0;
  virtual awaitable<Result<void>> write(std::string bytes) = 0;  // all of them
  virtual void close() = 0;                // at once; a pending read or write ends with an error
  virtual std::string peer() const = 0;    // the other side's IP address
  virtual bool peer_verified() const = 0;  // TLS, and its certificate was checked against our CA
};

}  // namespace holdfast::http
