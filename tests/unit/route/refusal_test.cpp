#include "route/refusal.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::route {
namespace {

using namespace std::string_literals;

const auto error = print_fatal(cannot_connect_now, "no primary");
const auto startup = "\0\0\0\x0f\0\3\0\0user\0a\0"s;
const auto ssl = "\0\0\0\x08\x04\xd2\x16\x2f"s;
const auto gss = "\0\0\0\x08\x04\xd2\x16\x30"s;
const auto cancel = "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\0\0\0\2"s;

std::string said_to(const std::string& bytes) {
  return Refusal{error}.on_bytes(bytes).write;
}

TEST(Refusal, an_error_is_a_protocol_3_error_response) {
  EXPECT_EQ(error, "E\0\0\0&SFATAL\0VFATAL\0C57P03\0Mno primary\0\0"s);
}
TEST(Refusal, a_startup_message_is_answered_with_the_error) {
  EXPECT_EQ(said_to(startup), error);
}
TEST(Refusal, tls_is_declined_first) {
  EXPECT_EQ(said_to(ssl + startup), "N" + error);
}
TEST(Refusal, gss_and_tls_are_declined_in_a_row) {
  EXPECT_EQ(said_to(gss + ssl + startup), "NN" + error);
}
TEST(Refusal, a_cancel_request_gets_no_answer) {
  EXPECT_EQ(said_to(cancel), "");
}
TEST(Refusal, garbage_gets_no_answer) {
  EXPECT_EQ(Refusal{error}.on_bytes("GET / HTTP/1.1\r\n"), (Refusal::Step{.write = "", .done = true}));
}
TEST(Refusal, endless_negotiation_ends) {
  EXPECT_TRUE(Refusal{error}.on_bytes(ssl + ssl + ssl).done);
}
TEST(Refusal, silence_is_told_too) {
  EXPECT_EQ(Refusal{error}.on_silence().write, error);
}

RC_GTEST_PROP(RefusalProperty, says_the_same_however_the_bytes_are_cut, (std::vector<std::uint8_t> cuts)) {
  const auto all = gss + ssl + startup;
  Refusal refusal{error};
  std::string said;
  std::string_view rest = all;
  for (const auto cut : cuts) {
    const auto step = refusal.on_bytes(rest.substr(0, cut));
    rest.remove_prefix(std::min<std::size_t>(cut, rest.size()));
    said += step.write;
    if (step.done) rest = {};
    if (step.done) break;
  }
  if (!rest.empty()) said += refusal.on_bytes(rest).write;
  RC_ASSERT(said == "NN" + error);
}

}  // namespace
}  // namespace holdfast::route
