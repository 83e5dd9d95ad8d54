#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/url.hpp"

// `etcd3.srv`: etcd's endpoints out of DNS, by the names that etcd itself and Patroni use
// (etcd, op-guide/clustering.md "DNS discovery"; Patroni, dcs/etcd.py _get_machines_cache_from_srv).
namespace holdfast::dcs::etcd {

struct SrvRecord {
  int priority = 0;  // lowest first
  int weight = 0;    // among equals the greatest first
  http::Endpoint endpoint;

  bool operator==(const SrvRecord&) const = default;
};

// The SRV records of a DNS answer (RFC 1035, RFC 2782), best first. Errc::bad_message: not a whole answer.
Result<std::vector<SrvRecord>> parse_srv_answer(std::span<const unsigned char> answer);

// Asks the name servers of the system, or `server`. BLOCKS for seconds when they are silent: never on the
// loop. Errc::not_found: there is no such name; Errc::unavailable: nobody answers.
Result<std::vector<SrvRecord>> ask_dns(const std::string& name,
                                       std::optional<sockaddr_in> server = std::nullopt);

using AskSrv = std::function<Result<std::vector<SrvRecord>>(const std::string& name)>;
// The first of _etcd-client-ssl, _etcd-client, _etcd-ssl, _etcd (each with "-<suffix>" when there is one)
// ._tcp.<domain> that has records decides: https when its name says ssl. The records of peers (_etcd-server)
// are not used. Errc::unavailable: none has.
Result<std::vector<http::Url>> find_by_srv(const std::string& domain, const std::string& suffix,
                                           const AskSrv& ask);

}  // namespace holdfast::dcs::etcd
