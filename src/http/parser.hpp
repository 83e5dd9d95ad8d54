#pragma once

#include <memory>
#include <string>

#include "http/message.hpp"

// Sans-IO HTTP/1.1 parsers: bytes in, messages out. Beast's parsers are inside; no socket is.
namespace holdfast::http {

struct ParserLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;  // 0: no limit
};

// One request. Errc::bad_message, or too_large (the body when has_header(), the header otherwise): answer and
// close.
class RequestParser {
 public:
  explicit RequestParser(ParserLimits limits);
  ~RequestParser();

  // Takes bytes of this request off the front of `input`, never of the next one. true: it is complete, take()
  // it.
  Result<bool> feed(std::string& input);
  bool has_header() const;
  bool expects_continue() const;  // the client waits for "100 Continue" before it sends the body
  bool keep_alive() const;
  Result<Request> take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One response. A body without a length ends with the connection: say so with end().
class ResponseParser {
 public:
  ResponseParser(ParserLimits limits, bool is_reply_to_head);
  ~ResponseParser();

  Result<bool> feed(std::string& input);  // true: complete
  Result<void> end();                     // the peer closed; Errc::unavailable when more was promised
  bool has_header() const;
  bool is_complete() const;
  bool keep_alive() const;
  Response head() const;    // status and headers; when has_header()
  std::string take_body();  // what has come since the last call

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::http
