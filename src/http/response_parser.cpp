#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/beast_error.hpp"
#include "http/beast_feed.hpp"
#include "http/parser.hpp"

namespace holdfast::http {

namespace beast = boost::beast::http;

struct ResponseParser::Impl {
  beast::response_parser<beast::string_body> parser;
  bool waits = false;  // for more bytes
};

ResponseParser::ResponseParser(ParserLimits limits, bool is_reply_to_head) : impl_{std::make_unique<Impl>()} {
  impl_->parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
  impl_->parser.body_limit(limits.body_bytes_max == 0
                               ? boost::optional<std::uint64_t>{}
                               : boost::optional<std::uint64_t>{limits.body_bytes_max});
  impl_->parser.eager(true);
  impl_->parser.skip(is_reply_to_head);
}
ResponseParser::~ResponseParser() = default;

Result<bool> ResponseParser::feed(std::string& input) {
  auto& parser = impl_->parser;
  const auto code = feed_beast(parser, input, impl_->waits);
  if (code) return parse_failure(code, !parser.is_header_done());
  return parser.is_done();
}

Result<void> ResponseParser::end() {
  auto& parser = impl_->parser;
  if (parser.is_done()) return {};
  if (!parser.is_header_done())
    return fail(Errc::unavailable, "connection closed before the answer was complete");
  boost::system::error_code code;
  parser.put_eof(code);
  if (code) return fail(Errc::unavailable, "connection closed in the middle of an answer");
  return {};
}

bool ResponseParser::has_header() const {
  return impl_->parser.is_header_done();
}
bool ResponseParser::is_complete() const {
  return impl_->parser.is_done();
}
bool ResponseParser::keep_alive() const {
  return impl_->parser.is_header_done() && impl_->parser.keep_alive();
}

Response ResponseParser::head() const {
  const auto& message = impl_->parser.get();
  Response response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message)
    response.headers.add(std::string{field.name_string()}, std::string{field.value()});
  response.content_type = std::string{response.headers.find("Content-Type").value_or("")};
  return response;
}

std::string ResponseParser::take_body() {
  return std::exchange(impl_->parser.get().body(), {});
}

}  // namespace holdfast::http
