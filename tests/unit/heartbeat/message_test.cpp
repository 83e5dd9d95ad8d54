#include "heartbeat/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace holdfast::heartbeat {
namespace {

Heartbeat a_heartbeat() {
  Heartbeat heartbeat;
  heartbeat.member = "pg1";
  heartbeat.scope = "payments";
  heartbeat.role = Role::primary;
  heartbeat.state = "running";
  heartbeat.running = true;
  heartbeat.epoch = Epoch{17};
  heartbeat.lease_remaining = 3500ms;
  heartbeat.write_lsn = Lsn{0x3000148};
  return heartbeat;
}

std::string line_of(const Heartbeat& heartbeat) {
  std::string line = print_heartbeat(heartbeat);
  line.pop_back();
  return line;
}

// Printable and awkward ASCII: quotes, backslashes, control bytes.
rc::Gen<std::string> text() {
  return rc::gen::resize(60, rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)));
}

rc::Gen<Lsn> lsn() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t value) { return Lsn{value}; });
}

rc::Gen<milliseconds> duration() {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(0, 86'400'000),
                      [](std::int64_t ms) { return milliseconds{ms}; });
}

Heartbeat any_heartbeat() {
  Heartbeat heartbeat;
  heartbeat.member = "m" + *text();
  heartbeat.scope = *text();
  heartbeat.system_id = *text();
  heartbeat.version = *text();
  heartbeat.sequence = *rc::gen::arbitrary<std::uint64_t>();
  heartbeat.nonce = *rc::gen::arbitrary<std::uint64_t>();
  heartbeat.role = static_cast<Role>(*rc::gen::inRange(0, 7));
  heartbeat.state = *text();
  heartbeat.running = *rc::gen::arbitrary<bool>();
  heartbeat.why = *text();
  heartbeat.host = *text();
  heartbeat.port = *rc::gen::arbitrary<std::uint16_t>();
  heartbeat.epoch = Epoch{*rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max())};
  heartbeat.lease_remaining = *duration();
  heartbeat.leader_hint = *text();
  heartbeat.draining = *rc::gen::arbitrary<bool>();
  heartbeat.sync_standby = *rc::gen::arbitrary<bool>();
  heartbeat.pause = *rc::gen::arbitrary<bool>();
  heartbeat.timeline = *rc::gen::arbitrary<Timeline>();
  heartbeat.write_lsn = *lsn();
  heartbeat.receive_lsn = *lsn();
  heartbeat.replay_lsn = *lsn();
  heartbeat.settled_at = *rc::gen::arbitrary<std::int64_t>();
  heartbeat.replication_state = *text();
  if (*rc::gen::arbitrary<bool>()) heartbeat.replay_lag = *duration();
  heartbeat.tags.noloadbalance = *rc::gen::arbitrary<bool>();
  heartbeat.tags.nofailover = *rc::gen::arbitrary<bool>();
  heartbeat.tags.nosync = *rc::gen::arbitrary<bool>();
  heartbeat.tags.clonefrom = *rc::gen::arbitrary<bool>();
  heartbeat.tags.failover_priority = *rc::gen::arbitrary<int>();
  heartbeat.tags.sync_priority = *rc::gen::arbitrary<int>();
  heartbeat.tags.replicatefrom = *text();
  return heartbeat;
}

RC_GTEST_PROP(HeartbeatMessage, is_read_back_as_it_was_written, ()) {
  const Heartbeat heartbeat = any_heartbeat();
  const std::string line = print_heartbeat(heartbeat);
  RC_ASSERT(line.back() == '\n');
  RC_ASSERT(line.find('\n') == line.size() - 1);
  auto parsed = parse_heartbeat(std::string_view{line}.substr(0, line.size() - 1));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == heartbeat);
}

RC_GTEST_PROP(HeartbeatMessage, gives_the_same_lines_however_the_bytes_are_cut, ()) {
  std::string traffic;
  std::vector<std::string> sent;
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) {
    sent.push_back(print_heartbeat(any_heartbeat()));
    traffic += sent.back();
  }
  std::string input;
  std::vector<std::string> received;
  while (!traffic.empty()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 700);
    input += traffic.substr(0, size);
    traffic.erase(0, size);
    for (;;) {
      auto line = take_line(input);
      RC_ASSERT(line.has_value());
      if (!*line) break;
      received.push_back(**line + '\n');
    }
  }
  RC_ASSERT(received == sent);
  RC_ASSERT(input.empty());
}

RC_GTEST_PROP(HeartbeatMessage, never_accepts_a_line_that_was_cut_short, ()) {
  const std::string line = line_of(any_heartbeat());
  const auto size = *rc::gen::inRange<std::size_t>(0, line.size());
  RC_ASSERT(!parse_heartbeat(std::string_view{line}.substr(0, size)).has_value());
}

RC_GTEST_PROP(HeartbeatMessage, survives_any_bytes, (const std::string& bytes)) {
  auto parsed = parse_heartbeat(bytes);
  if (!parsed) RC_ASSERT(parsed.error().code == Errc::bad_message);
}

TEST(HeartbeatMessage, ignores_fields_that_it_does_not_know) {
  std::string line = line_of(a_heartbeat());
  line.insert(1, "\"from_the_future\":{\"x\":[1,2]},");
  auto parsed = parse_heartbeat(line);
  ASSERT_TRUE(parsed) << to_string(parsed.error());
  EXPECT_EQ(*parsed, a_heartbeat());
}

TEST(HeartbeatMessage, refuses_wrong_types_and_values_out_of_range) {
  for (const char* line :
       {R"([])", R"("pg1")", R"({})", R"({"member":""})", R"({"member":7})", R"({"member":"pg1","epoch":-1})",
        R"({"member":"pg1","epoch":"5"})", R"({"member":"pg1","epoch":1.5})",
        R"({"member":"pg1","lease_remaining_ms":-1})", R"({"member":"pg1","lease_remaining_ms":99999999999})",
        R"({"member":"pg1","write_lsn":"zz"})", R"({"member":"pg1","timeline":4294967296})",
        R"({"member":"pg1","port":65536})", R"({"member":"pg1","running":"yes"})",
        R"({"member":"pg1","tags":[]})", R"({"member":"pg1","tags":{"nosync":1}})",
        R"({"member":"pg1","nonce":-3})", "{\"member\":\"\xff\xfe\"}", R"({"member":"pg1"} {})"}) {
    auto parsed = parse_heartbeat(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().code, Errc::bad_message) << line;
  }
}

TEST(HeartbeatMessage, reads_master_as_primary_and_a_strange_role_as_unknown) {
  EXPECT_EQ(parse_heartbeat(R"({"member":"a","role":"master"})")->role, Role::primary);
  EXPECT_EQ(parse_heartbeat(R"({"member":"a","role":"witness"})")->role, Role::unknown);
}

TEST(HeartbeatMessage, keeps_its_limit_whatever_the_texts_are) {
  Heartbeat heartbeat = a_heartbeat();
  const std::string huge(100'000, '\x01');
  for (auto* field : {&heartbeat.member, &heartbeat.scope, &heartbeat.system_id, &heartbeat.version,
                      &heartbeat.state, &heartbeat.why, &heartbeat.host, &heartbeat.leader_hint,
                      &heartbeat.replication_state, &heartbeat.tags.replicatefrom}) {
    *field = huge;
  }
  EXPECT_LE(print_heartbeat(heartbeat).size(), line_bytes_max);
  EXPECT_TRUE(parse_heartbeat(line_of(heartbeat)));
}

TEST(HeartbeatMessage, cuts_a_text_between_characters_only) {
  Heartbeat heartbeat = a_heartbeat();
  for (int i = 0; i < 400; ++i) heartbeat.why += "\xc3\xa4";  // two bytes each
  heartbeat.why.insert(0, "x");
  EXPECT_TRUE(parse_heartbeat(line_of(heartbeat)));
}

TEST(HeartbeatMessage, says_that_it_holds_the_lock_only_with_lease_left) {
  Heartbeat heartbeat = a_heartbeat();
  EXPECT_TRUE(heartbeat.holds_lock());
  heartbeat.lease_remaining = 0ms;
  EXPECT_FALSE(heartbeat.holds_lock());
  heartbeat.lease_remaining = 1s;
  heartbeat.epoch = Epoch{};
  EXPECT_FALSE(heartbeat.holds_lock());
}

TEST(HeartbeatLines, refuse_one_that_is_too_long_before_its_end_has_come) {
  std::string input(line_bytes_max, 'x');
  EXPECT_TRUE(take_line(input));
  input += 'x';
  auto line = take_line(input);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Errc::too_large);
}

TEST(HeartbeatQuestion, is_read_back_and_needs_a_nonce) {
  EXPECT_EQ(print_question(7), "{\"nonce\":7}\n");
  EXPECT_EQ(*parse_question("{\"nonce\":7}"), 7U);
  for (const char* line : {"", "{}", "{\"nonce\":0}", "{\"nonce\":-1}", "{\"nonce\":\"7\"}", "[7]", "7"}) {
    EXPECT_FALSE(parse_question(line)) << line;
  }
}

}  // namespace
}  // namespace holdfast::heartbeat
