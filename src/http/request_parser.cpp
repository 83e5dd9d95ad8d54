#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/beast_error.hpp"
#include "http/beast_feed.hpp"
#include "http/parser.hpp"

namespace holdfast::http {

namespace beast = boost::beast::http;

tl::unexpected<Error> parse_failure(const boost::system::error_code& code, bool in_header) {
  const std::string part = in_header ? "HTTP header: " : "HTTP body: ";
  const bool is_large = code == beast::error::header_limit || code == beast::error::body_limit ||
                        code == beast::error::buffer_overflow;
  return fail(is_large ? Errc::too_large : Errc::bad_message, part + code.message());
}

struct RequestParser::Impl {
  beast::request_parser<beast::string_body> parser;
  bool waits = false;          // for more bytes
  bool has_long_body = false;  // Beast refuses an announced length before it calls the header done
};

RequestParser::RequestParser(ParserLimits limits) : impl_{std::make_unique<Impl>()} {
  impl_->parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
  impl_->parser.body_limit(limits.body_bytes_max == 0
                               ? boost::optional<std::uint64_t>{}
                               : boost::optional<std::uint64_t>{limits.body_bytes_max});
  impl_->parser.eager(true);
}
RequestParser::~RequestParser() = default;

Result<bool> RequestParser::feed(std::string& input) {
  auto& parser = impl_->parser;
  const auto code = feed_beast(parser, input, impl_->waits);
  impl_->has_long_body = code == beast::error::body_limit;
  if (code) return parse_failure(code, !has_header());
  return parser.is_done();
}

bool RequestParser::has_header() const {
  return impl_->parser.is_header_done() || impl_->has_long_body;
}

bool RequestParser::expects_continue() const {
  if (!has_header() || impl_->parser.is_done()) return false;
  const auto field = impl_->parser.get().find(beast::field::expect);
  return field != impl_->parser.get().end() && boost::beast::iequals(field->value(), "100-continue");
}

bool RequestParser::keep_alive() const {
  return impl_->parser.keep_alive();
}

Result<Request> RequestParser::take() {
  auto message = impl_->parser.release();
  Request request;
  request.method = std::string{message.method_string()};
  request.target = std::string{message.target()};
  // "OPTIONS *" asks about the server as a whole (RFC 9110, 9.3.7).
  auto target = parse_target(request.target == "*" ? "/" : request.target);
  if (!target) return tl::unexpected(target.error());
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  for (const auto& field : message)
    request.headers.add(std::string{field.name_string()}, std::string{field.value()});
  request.body = std::move(message.body());
  return request;
}

}  // namespace holdfast::http
