#include "dcs/etcd/srv.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace holdfast::dcs::etcd {
namespace {

using Bytes = std::vector<unsigned char>;

void add_u16(Bytes& out, int value) {
  out.push_back(static_cast<unsigned char>(value >> 8));
  out.push_back(static_cast<unsigned char>(value & 0xff));
}
void add_name(Bytes& out, const std::vector<std::string>& labels) {
  for (const auto& label : labels) {
    out.push_back(static_cast<unsigned char>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
  }
  out.push_back(0);
}

// One question and `answers` to come.
Bytes message(int answers) {
  Bytes out{0x12, 0x34, 0x81, 0x80};
  add_u16(out, 1);
  add_u16(out, answers);
  add_u16(out, 0);
  add_u16(out, 0);
  add_name(out, {"x", "example"});  // at offset 12
  add_u16(out, 33);
  add_u16(out, 1);
  return out;
}
void add_answer(Bytes& out, int type, const Bytes& data) {
  add_u16(out, 0xc00c);  // a pointer to the question's name
  add_u16(out, type);
  add_u16(out, 1);
  add_u16(out, 0);
  add_u16(out, 60);
  add_u16(out, static_cast<int>(data.size()));
  out.insert(out.end(), data.begin(), data.end());
}
Bytes srv(int priority, int weight, int port, const std::vector<std::string>& host) {
  Bytes data;
  add_u16(data, priority);
  add_u16(data, weight);
  add_u16(data, port);
  add_name(data, host);
  return data;
}

Bytes three_records() {
  auto out = message(4);
  add_answer(out, 33, srv(20, 0, 2379, {"e3", "example"}));
  add_answer(out, 5, {0xc0, 0x0c});  // CNAME: of no interest
  add_answer(out, 33, srv(10, 1, 2379, {"e2", "example"}));
  add_answer(out, 33, srv(10, 5, 12379, {"e1", "example"}));
  return out;
}

TEST(SrvAnswer, is_read_best_record_first) {
  const auto records = parse_srv_answer(three_records());
  ASSERT_TRUE(records.has_value());
  ASSERT_EQ(records->size(), 3U);
  EXPECT_EQ((*records)[0], (SrvRecord{10, 5, {"e1.example", 12379}}));
  EXPECT_EQ((*records)[1], (SrvRecord{10, 1, {"e2.example", 2379}}));
  EXPECT_EQ((*records)[2], (SrvRecord{20, 0, {"e3.example", 2379}}));
}

TEST(SrvAnswer, that_is_cut_is_refused) {
  const auto whole = three_records();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_srv_answer(std::span{whole}.first(size)).has_value()) << size;
  }
}

RC_GTEST_PROP(SrvAnswer, may_be_any_bytes, (const Bytes& bytes)) {
  auto out = three_records();
  for (std::size_t i = 0; i < bytes.size() && i < out.size(); ++i) out[out.size() - 1 - i] ^= bytes[i];
  const auto broken = parse_srv_answer(out);
  const auto garbage = parse_srv_answer(bytes);
  RC_ASSERT(!garbage || garbage->size() <= bytes.size());
  RC_ASSERT(!broken || broken->size() <= 4U);
}

// A name server of a map; what is not in it does not exist.
struct Zone {
  std::map<std::string, std::vector<SrvRecord>> records;
  std::vector<std::string> asked;

  AskSrv ask() {
    return [this](const std::string& name) -> Result<std::vector<SrvRecord>> {
      asked.push_back(name);
      const auto found = records.find(name);
      if (found == records.end()) return fail(Errc::not_found, name);
      return found->second;
    };
  }
};

TEST(FindBySrv, prefers_tls) {
  Zone zone{{{"_etcd-client._tcp.example", {{0, 0, {"plain.example", 2379}}}},
             {"_etcd-client-ssl._tcp.example", {{0, 0, {"tls.example", 2379}}}}},
            {}};
  const auto urls = find_by_srv("example", "", zone.ask());
  ASSERT_TRUE(urls.has_value());
  ASSERT_EQ(urls->size(), 1U);
  EXPECT_EQ(http::print_url(urls->front()), "https://tls.example:2379");
}

TEST(FindBySrv, appends_the_suffix_to_the_service) {
  Zone zone{{{"_etcd-client-east._tcp.example", {{0, 0, {"e1.example.", 2379}}}}}, {}};
  const auto urls = find_by_srv("example", "east", zone.ask());
  ASSERT_TRUE(urls.has_value());
  EXPECT_EQ(http::print_url(urls->front()), "http://e1.example:2379");
  EXPECT_EQ(zone.asked.front(), "_etcd-client-ssl-east._tcp.example");
}

TEST(FindBySrv, says_where_it_found_nothing) {
  Zone zone;
  const auto urls = find_by_srv("example", "", zone.ask());
  ASSERT_FALSE(urls.has_value());
  EXPECT_EQ(urls.error(), (Error{Errc::unavailable, "no SRV record of etcd in example"}));
  EXPECT_EQ(zone.asked.size(), 4U);
}

}  // namespace
}  // namespace holdfast::dcs::etcd
