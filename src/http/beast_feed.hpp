#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <string>

// The loop that moves bytes from a string into one of Beast's parsers; shared by requests and responses.
namespace holdfast::http {

// Takes what it can off the front of `input`. `waits`: state between calls, false at first. The code is clear
// when the message is complete or bytes are missing, otherwise it says what is wrong with them.
template <class Parser>
boost::system::error_code feed_beast(Parser& parser, std::string& input, bool& waits) {
  // Beast 1.81 asserts that nobody shows it four bytes of a last chunk ("0\r\n" came before), which a peer
  // may do.
  constexpr std::size_t last_chunk_bytes = 5;
  while (!parser.is_done() && !input.empty()) {
    const bool in_chunks = parser.is_header_done() && parser.chunked();
    if (waits && in_chunks && input.size() < last_chunk_bytes) break;
    boost::system::error_code code;
    const auto used = parser.put(boost::asio::buffer(input), code);
    input.erase(0, used);
    waits = code == boost::beast::http::error::need_more;
    if (waits) break;
    if (code) return code;
    if (used == 0) break;
  }
  return {};
}

}  // namespace holdfast::http
