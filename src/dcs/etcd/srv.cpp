#include "dcs/etcd/srv.hpp"

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace holdfast::dcs::etcd {
namespace {

constexpr std::size_t answer_bytes_max = 65535;

// Reads a DNS message front to back; once it ran over the end it stays not ok.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> message) : message_{message} {}

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { advance_to(at); }
  void skip(std::size_t bytes) { advance_to(at_ + bytes); }

  int u16() {
    if (!ok_ || at_ + 2 > message_.size()) {
      ok_ = false;
      return 0;
    }
    at_ += 2;
    return message_[at_ - 2] << 8 | message_[at_ - 1];
  }

  std::string name() {
    std::array<char, NS_MAXDNAME> text{};
    const auto* const begin = message_.data();
    const int used = ok_ ? ::dn_expand(begin, begin + message_.size(), begin + at_, text.data(),
                                       static_cast<int>(text.size()))
                         : -1;
    if (used < 0) {
      ok_ = false;
      return {};
    }
    at_ += static_cast<std::size_t>(used);
    return text.data();
  }

 private:
  void advance_to(std::size_t at) {
    ok_ = ok_ && at <= message_.size();
    if (ok_) at_ = at;
  }

  std::span<const unsigned char> message_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// One record of the answer section; nullopt: of another type.
std::optional<SrvRecord> take_record(Reader& reader) {
  reader.name();
  const int type = reader.u16();
  reader.skip(2 + 4);  // class, time to live
  const auto bytes = static_cast<std::size_t>(reader.u16());
  const std::size_t end = reader.at() + bytes;
  std::optional<SrvRecord> record;
  if (type == ns_t_srv) {
    record.emplace();
    record->priority = reader.u16();
    record->weight = reader.u16();
    record->endpoint.port = static_cast<std::uint16_t>(reader.u16());
    record->endpoint.host = reader.name();
  }
  reader.go_to(end);
  return record;
}

class ResolverState {
 public:
  explicit ResolverState(std::optional<sockaddr_in> server) : is_ready_{::res_ninit(&state_) == 0} {
    state_.retrans = 1;  // seconds
    state_.retry = 2;
    if (!server) return;
    state_.nscount = 1;
    state_.nsaddr_list[0] = *server;
  }
  ~ResolverState() {
    if (is_ready_) ::res_nclose(&state_);
  }
  ResolverState(const ResolverState&) = delete;
  ResolverState& operator=(const ResolverState&) = delete;

  bool is_ready() const { return is_ready_; }
  res_state get() { return &state_; }

 private:
  struct __res_state state_{};
  bool is_ready_;
};

}  // namespace

Result<std::vector<SrvRecord>> parse_srv_answer(std::span<const unsigned char> answer) {
  Reader reader{answer};
  reader.skip(4);  // id, flags
  const int questions = reader.u16();
  const int answers = reader.u16();
  reader.skip(4);  // counts of the other sections
  for (int i = 0; i < questions && reader.ok(); ++i) {
    reader.name();
    reader.skip(4);
  }
  std::vector<SrvRecord> records;
  for (int i = 0; i < answers && reader.ok(); ++i) {
    auto record = take_record(reader);
    // "." says that the service is decidedly not there (RFC 2782).
    if (record && !record->endpoint.host.empty() && record->endpoint.host != ".")
      records.push_back(*std::move(record));
  }
  if (!reader.ok()) return fail(Errc::bad_message, "the answer of the name server is cut or broken");
  std::ranges::sort(records, {},
                    [](const SrvRecord& record) { return std::tuple{record.priority, -record.weight}; });
  return records;
}

Result<std::vector<SrvRecord>> ask_dns(const std::string& name, std::optional<sockaddr_in> server) {
  ResolverState resolver{server};
  if (!resolver.is_ready()) return fail(Errc::io_error, "reading resolv.conf");
  std::vector<unsigned char> answer(answer_bytes_max);
  const int size = ::res_nquery(resolver.get(), name.c_str(), ns_c_in, ns_t_srv, answer.data(),
                                static_cast<int>(answer.size()));
  if (size < 0) {
    const int why = resolver.get()->res_h_errno;
    const bool is_absent = why == HOST_NOT_FOUND || why == NO_DATA;
    return fail(is_absent ? Errc::not_found : Errc::unavailable,
                fmt::format("SRV records of {}: {}", name, ::hstrerror(why)));
  }
  answer.resize(std::min(answer.size(), static_cast<std::size_t>(size)));
  auto records = parse_srv_answer(answer);
  if (!records) return fail("SRV records of " + name, records.error());
  return records;
}

Result<std::vector<http::Url>> find_by_srv(const std::string& domain, const std::string& suffix,
                                           const AskSrv& ask) {
  Error last{Errc::unavailable, "no SRV record of etcd in " + domain};
  for (const std::string service : {"-client-ssl", "-client", "-ssl", ""}) {
    const auto name =
        fmt::format("_etcd{}{}._tcp.{}", service, suffix.empty() ? suffix : "-" + suffix, domain);
    const auto records = ask(name);
    if (!records && records.error().code != Errc::not_found)
      last = {Errc::unavailable, records.error().context};
    if (!records || records->empty()) continue;
    std::vector<http::Url> urls;
    for (const auto& record : *records) {
      http::Url url;
      url.tls = service.ends_with("-ssl");
      url.endpoint = record.endpoint;
      if (url.endpoint.host.ends_with('.')) url.endpoint.host.pop_back();
      urls.push_back(std::move(url));
    }
    return urls;
  }
  return tl::unexpected<Error>{last};
}

}  // namespace holdfast::dcs::etcd
