#include "http/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "http/parser.hpp"
#include "http/url.hpp"

namespace holdfast::http {
namespace {

Result<Request> parse_in_pieces(std::string bytes, const std::vector<std::size_t>& cuts) {
  RequestParser parser{{}};
  std::string input;
  for (const auto cut : cuts) {
    const auto size = std::min(cut, bytes.size());
    input += bytes.substr(0, size);
    bytes.erase(0, size);
    const auto complete = parser.feed(input);
    if (!complete) return tl::unexpected(complete.error());
    if (*complete) return parser.take();
  }
  input += bytes;
  const auto complete = parser.feed(input);
  if (!complete) return tl::unexpected(complete.error());
  if (!*complete) return fail(Errc::unavailable, "incomplete");
  return parser.take();
}

TEST(Target, is_decoded_into_path_and_query) {
  const auto target = parse_target("/replica?lag=1%20MB&tag_a=b+c&leader&=x").value();
  EXPECT_EQ(target.path, "/replica");
  EXPECT_EQ(target.query,
            (std::map<std::string, std::string>{{"lag", "1 MB"}, {"tag_a", "b c"}, {"leader", ""}}));
  for (const auto* bad : {"", "x", "/%4", "/%zz", "/a\nb", "http://x/"}) {
    EXPECT_EQ(parse_target(bad).error().code, Errc::bad_message) << bad;
  }
}

TEST(Headers, are_found_in_any_case_and_by_token) {
  Headers headers;
  headers.add("Connection", "keep-alive, Upgrade");
  EXPECT_EQ(headers.find("connection"), "keep-alive, Upgrade");
  EXPECT_TRUE(headers.has_token("CONNECTION", "upgrade"));
  EXPECT_FALSE(headers.has_token("connection", "close"));
}

TEST(Response, carries_its_length_but_not_its_body_for_head) {
  Response response;
  response.body = "{}";
  response.headers.set("X", "a\r\nInjected: b");
  const auto text = print_response(response, true, false);
  EXPECT_NE(text.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
  EXPECT_EQ(text.find("\r\nInjected"), std::string::npos);
}

TEST(Credentials, survive_colons_in_passwords) {
  Request request;
  request.headers.set("Authorization", basic_authorization("me", Secret{"a:b"}));
  const auto credentials = credentials_of(request);
  ASSERT_TRUE(credentials.has_value());
  EXPECT_EQ(credentials->username, "me");
  EXPECT_EQ(credentials->password.reveal(), "a:b");
}

TEST(RequestParser, refuses_what_is_too_large_or_not_http) {
  EXPECT_EQ(parse_in_pieces("GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n", {}).error().code,
            Errc::too_large);
  EXPECT_EQ(parse_in_pieces("POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", {}).error().code,
            Errc::too_large);
  EXPECT_EQ(parse_in_pieces("\x16\x03\x01 garbage\r\n\r\n", {}).error().code, Errc::bad_message);
  EXPECT_EQ(parse_in_pieces(
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {})
                .error()
                .code,
            Errc::bad_message);
}

TEST(ResponseParser, gives_a_chunked_body_as_it_comes) {
  ResponseParser parser{{}, false};
  std::string input = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
  EXPECT_FALSE(parser.feed(input).value());
  EXPECT_EQ(parser.take_body(), "abc");
  input += "2\r\nde\r\n0\r\n\r\n";
  EXPECT_TRUE(parser.feed(input).value());
  EXPECT_EQ(parser.take_body(), "de");
}

TEST(ResponseParser, takes_an_empty_chunked_body_byte_by_byte) {
  const std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  ResponseParser parser{{}, false};
  std::string input;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    input += bytes[i];
    EXPECT_FALSE(parser.feed(input).value());
  }
  input += bytes.back();
  EXPECT_TRUE(parser.feed(input).value());
  EXPECT_EQ(parser.take_body(), "");
}

TEST(ResponseParser, notices_a_body_that_is_cut_short) {
  ResponseParser parser{{}, false};
  std::string input = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
  EXPECT_FALSE(parser.feed(input).value());
  EXPECT_EQ(parser.end().error().code, Errc::unavailable);
}

RC_GTEST_PROP(RequestParser, gives_the_same_request_however_the_bytes_are_cut,
              (const std::string& body, const std::vector<std::uint8_t>& cuts)) {
  Request request;
  request.method = "PUT";
  request.target = "/config?a=b";
  request.headers.set("X-One", "1");
  request.body = body;
  const auto parsed = parse_in_pieces(print_request(request, "h", true), {cuts.begin(), cuts.end()});
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->body == body);
  RC_ASSERT(parsed->path == "/config");
  RC_ASSERT(parsed->headers.find("x-one") == std::string_view{"1"});
}

RC_GTEST_PROP(Base64, decodes_what_it_encodes, (const std::string& bytes)) {
  RC_ASSERT(base64_decode(base64_encode(bytes)).value() == bytes);
}

TEST(Url, is_taken_apart) {
  EXPECT_EQ(parse_url("https://[::1]:8008/a?b"), (Url{true, {"::1", 8008}, "/a?b"}));
  EXPECT_EQ(parse_url("http://db1"), (Url{false, {"db1", 80}, "/"}));
  EXPECT_EQ(print_url({false, {"::1", 1}, "/"}), "http://[::1]:1");
  for (const auto* bad :
       {"db1:80", "ftp://x", "http://", "http://a:b:c", "http://x:99999", "http://me:pw@x"}) {
    EXPECT_FALSE(parse_url(bad).has_value()) << bad;
  }
  EXPECT_EQ(parse_endpoint("*:8008"), (Endpoint{"*", 8008}));
  EXPECT_FALSE(parse_endpoint("::1:8008").has_value());
}

}  // namespace
}  // namespace holdfast::http
