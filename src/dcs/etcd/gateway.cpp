#include "dcs/etcd/gateway.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>

#include "async/asio.hpp"
#include "base/log.hpp"
#include "dcs/etcd/srv.hpp"

namespace holdfast::dcs::etcd {
namespace {

namespace json = boost::json;

constexpr auto failed_for = 5s;  // an endpoint that failed is asked last for so long
constexpr auto learn_every = 60s;
constexpr auto srv_lifetime = 60s;  // SRV records older than this are looked up again
constexpr auto srv_retry_after = 1s;
constexpr auto srv_poll = 20ms;

milliseconds left_until(BootInstant deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - BootClock::now());
  return std::max(left, milliseconds{1});
}

// The n-th time around the endpoints: impatient first, so that a hung one costs little; patient when all are
// slow.
milliseconds patience(const EtcdOptions& options, int round, bool is_repeatable) {
  if (!is_repeatable) return options.try_timeout;
  return round == 0 ? options.connect_timeout : options.try_timeout * round;
}

http::ClientOptions client_options(const EtcdOptions& options) {
  http::ClientOptions made;
  made.tls = options.tls;
  made.connect_timeout = options.connect_timeout;
  return made;
}

// Streaming calls answer {"result": {...}} also when there is one message only (lease/keepalive).
json::object unwrapped(json::object answer) {
  const auto* result = answer.if_contains("result");
  if (result == nullptr || !result->is_object()) return answer;
  json::object inner = result->get_object();
  return inner;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// OpenSSL names the alert; the user needs the key of the configuration that is behind it.
Error with_tls_advice(Error error, const EtcdOptions& options) {
  const auto says = [&](std::string_view text) { return error.context.find(text) != std::string::npos; };
  const bool is_ours = says("alert bad certificate") || says("alert certificate required") ||
                       says("alert unknown ca") || says("alert certificate expired");
  if (is_ours) {
    error.context += options.tls.cert.empty() ? "; etcd asks for a client certificate: set etcd3.cert and key"
                                              : "; etcd does not accept the certificate in etcd3.cert";
  } else if (says("the certificate of")) {
    error.context += "; check etcd3.cacert";
  } else if (says("TLS handshake")) {
    error.context += "; does it speak TLS? See etcd3.protocol";
  }
  return error;
}

}  // namespace

Gateway::Gateway(const asio::any_io_executor& executor, EtcdOptions options)
    : executor_{executor}, options_{std::move(options)}, client_{executor, client_options(options_)} {}

std::vector<http::Url> Gateway::endpoints() const {
  auto all = options_.endpoints;
  for (const auto& url : learned_) {
    if (std::find(all.begin(), all.end(), url) == all.end()) all.push_back(url);
  }
  return all;
}

void Gateway::configure(std::vector<http::Url> endpoints) {
  options_.endpoints = std::move(endpoints);
  preferred_.reset();
  failed_.clear();
}

// The first call waits for the records; later ones go on with the last known while they are looked up again.
awaitable<void> Gateway::find_endpoints(BootInstant deadline) {
  if (options_.srv.empty()) co_return;
  const auto age = BootClock::now() - srv_asked_at_;
  const bool is_due =
      srv_asked_at_ == BootInstant{} || age > (endpoints().empty() ? srv_retry_after : srv_lifetime);
  if (is_due && !srv_is_running_) start_srv_lookup();
  while (endpoints().empty() && srv_is_running_ && BootClock::now() < deadline) {
    co_await async::sleep_for(srv_poll);
  }
}

void Gateway::start_srv_lookup() {
  srv_is_running_ = true;
  srv_asked_at_ = BootClock::now();
  if (!srv_thread_) srv_thread_ = std::make_unique<asio::thread_pool>(1);
  asio::post(*srv_thread_, [weak = weak_from_this(), executor = executor_, domain = options_.srv,
                            suffix = options_.srv_suffix, ask = options_.ask_srv] {
    auto found = find_by_srv(domain, suffix, ask);
    asio::post(executor, [weak, found = std::move(found)] {
      if (const auto self = weak.lock()) self->on_srv(found);
    });
  });
}

void Gateway::on_srv(const Result<std::vector<http::Url>>& found) {
  srv_is_running_ = false;
  const auto problem = found ? std::string{} : found.error().context;
  if (!found && problem != srv_problem_)
    log::warn("etcd can't be found in DNS", {{"domain", options_.srv}, {"error", found.error()}});
  srv_problem_ = problem;
  if (found && *found != options_.endpoints) {
    log::info("etcd found in DNS", {{"domain", options_.srv}, {"endpoints", found->size()}});
    configure(*found);
  }
}

Error Gateway::without_endpoints() const {
  if (options_.srv.empty()) return {Errc::unavailable, "no etcd endpoint is configured"};
  return {Errc::unavailable,
          srv_problem_.empty() ? "still looking for etcd in DNS, in " + options_.srv : srv_problem_};
}

std::vector<http::Url> Gateway::in_order() const {
  const auto all = endpoints();
  const auto rank = [&](const http::Url& url) {
    const auto failure = failed_.find(url);
    if (failure != failed_.end() && BootClock::now() - failure->second < failed_for) return 2;
    return preferred_ == url ? 0 : 1;
  };
  std::vector<http::Url> ordered;
  for (const int wanted : {0, 1, 2}) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(ordered),
                 [&](const http::Url& url) { return rank(url) == wanted; });
  }
  return ordered;
}

void Gateway::note(const http::Url& endpoint, bool is_good) {
  if (is_good) {
    preferred_ = endpoint;
    failed_.erase(endpoint);
  } else {
    failed_[endpoint] = BootClock::now();
  }
}

Result<void> Gateway::check(const Header& header) {
  if (header.cluster_id == 0) return {};
  if (cluster_id_ == 0) cluster_id_ = header.cluster_id;
  if (header.cluster_id != cluster_id_) return fail(Errc::stale, "etcd member belongs to another cluster");
  if (header.raft_term < raft_term_) return fail(Errc::stale, "etcd member is behind: its raft term is old");
  raft_term_ = header.raft_term;
  return {};
}

// The whole store was wiped or restored when most members say so: its term then starts again, and its id does
// too unless the initial cluster is the same. One member that is behind, or was wiped on its own, says
// nothing.
bool Gateway::adopts_rebuilt_cluster() {
  if (strangers_.size() * 2 <= options_.endpoints.size()) return false;
  Header newest = strangers_.begin()->second;
  for (const auto& [id, header] : strangers_) {
    if (header.cluster_id != newest.cluster_id) return false;
    if (header.raft_term > newest.raft_term) newest = header;
  }
  log::warn(
      "etcd was rebuilt or restored",
      {{"cluster_id", newest.cluster_id}, {"raft_term", newest.raft_term}, {"raft_term_before", raft_term_}});
  cluster_id_ = newest.cluster_id;
  raft_term_ = newest.raft_term;
  learned_.clear();
  strangers_.clear();
  return true;
}

awaitable<Result<std::string>> Gateway::find_prefix(http::Url endpoint, BootInstant deadline) {
  auto url = http::with_target(endpoint, "/version");
  auto reply = co_await client_.request(std::move(url), http::get_request(), left_until(deadline));
  if (!reply) co_return tl::unexpected(with_tls_advice(reply.error(), options_));
  const auto body = parse_body(reply->body);
  if (!body) co_return fail("asking " + http::print_url(endpoint) + " for its version", body.error());
  co_return prefix_of(text_at(*body, "etcdserver"));
}

awaitable<std::optional<Verdict>> Gateway::authenticate(http::Url endpoint, BootInstant deadline) {
  const json::object body{{"name", options_.username}, {"password", options_.password.reveal()}};
  auto url = http::with_target(endpoint, prefix_ + "/auth/authenticate");
  auto request = http::post_request(json::serialize(body));
  auto reply = co_await client_.request(std::move(url), std::move(request), left_until(deadline));
  if (!reply) co_return Verdict{.error = reply.error(), .try_elsewhere = true};
  if (reply->status != 200) {
    auto verdict = classify(reply->status, reply->body);
    // Asked with a password while authentication is off: go on without a token, as Patroni does.
    if (verdict.error.context.find("authentication is not enabled") != std::string::npos)
      co_return std::nullopt;
    verdict.error.context = "authenticating as " + options_.username + ": " + verdict.error.context;
    co_return verdict;
  }
  const auto answer = parse_body(reply->body);
  if (!answer) co_return Verdict{.error = answer.error(), .try_elsewhere = true};
  token_ = text_at(*answer, "token");
  co_return std::nullopt;
}

awaitable<std::optional<Verdict>> Gateway::prepare(http::Url endpoint, BootInstant deadline) {
  if (prefix_.empty()) {
    auto prefix = co_await find_prefix(endpoint, deadline);
    // A certificate that is not accepted says nothing about the other endpoints; an old version does.
    if (!prefix) {
      const bool is_final = prefix.error().code == Errc::unsupported;
      co_return Verdict{.error = prefix.error(), .try_elsewhere = !is_final};
    }
    prefix_ = *std::move(prefix);
  }
  if (!token_.empty() || options_.username.empty()) co_return std::nullopt;
  co_return co_await authenticate(std::move(endpoint), deadline);
}

awaitable<Gateway::Tried> Gateway::try_at(http::Url endpoint, std::string path, std::string body,
                                          BootInstant deadline, bool streamed,
                                          std::unique_ptr<http::BodyReader>* opened) {
  bool authenticated_again = false;
  for (;;) {
    Tried tried;
    auto obstacle = co_await prepare(endpoint, deadline);
    if (obstacle) {
      tried.verdict = *std::move(obstacle);
      tried.was_sent = false;
      co_return tried;
    }
    deadline = std::max(deadline, BootClock::now() + options_.connect_timeout);  // what authentication took
    auto request = http::post_request(body);
    if (!token_.empty()) request.headers.set("Authorization", token_);
    auto url = http::with_target(endpoint, prefix_ + path);
    http::Response response;
    std::optional<Error> failure;
    if (streamed) {
      auto stream = co_await client_.open(std::move(url), std::move(request), left_until(deadline));
      if (stream) {
        response = std::move(stream->head);
        *opened = std::move(stream->body);
      } else {
        failure = stream.error();
      }
    } else {
      auto reply = co_await client_.request(std::move(url), std::move(request), left_until(deadline));
      if (reply) {
        response = *std::move(reply);
      } else {
        failure = reply.error();
      }
    }
    if (failure) {
      tried.was_sent = failure->context.find("connecting to") == std::string::npos &&
                       failure->code != Errc::refused &&
                       failure->context.find("resolving") == std::string::npos;
      tried.verdict = {.error = *failure, .try_elsewhere = true};
      co_return tried;
    }
    if (response.status == 200 && streamed) {
      tried.answer.emplace();
      co_return tried;
    }
    if (response.status == 200) {
      auto answer = parse_body(response.body);
      if (answer) {
        tried.answer = unwrapped(*std::move(answer));
      } else {
        tried.verdict = {.error = answer.error(), .try_elsewhere = true};
      }
      co_return tried;
    }
    tried.verdict = classify(response.status, response.body);
    const bool may_authenticate = tried.verdict.reauthenticate && !options_.username.empty();
    if (!may_authenticate || std::exchange(authenticated_again, true)) co_return tried;
    token_.clear();  // EC-12: get a new one within the same deadline
  }
}

awaitable<Result<json::object>> Gateway::call(std::string path, json::object body, Repeat repeat) {
  const auto self = shared_from_this();
  const auto deadline = BootClock::now() + options_.request_timeout;
  const std::string text = json::serialize(body);
  co_await find_endpoints(deadline);
  Error last = without_endpoints();
  for (int round = 0; BootClock::now() < deadline; ++round) {
    const auto order = in_order();
    if (order.empty()) break;
    strangers_.clear();
    for (const auto& endpoint : order) {
      if (BootClock::now() >= deadline) break;
      const auto limit =
          std::min(deadline, BootClock::now() + patience(options_, round, repeat == Repeat::yes));
      auto tried = co_await try_at(endpoint, path, text, limit, false, nullptr);
      if (tried.answer) {
        const auto header = parse_header(*tried.answer);
        auto believed = check(header);
        if (!believed) strangers_[header.member_id] = header;
        if (!believed && adopts_rebuilt_cluster()) believed = {};
        note(endpoint, believed.has_value());
        if (believed) co_return *std::move(tried.answer);
        tried.verdict = {.error = believed.error(), .try_elsewhere = true};
      }
      // A try that our own deadline cut short says less than the one before it.
      const bool is_cut_short = round > 0 && limit == deadline && tried.verdict.error.code == Errc::timed_out;
      if (!is_cut_short) last = tried.verdict.error;
      if (!tried.verdict.try_elsewhere) co_return fail("etcd " + path, last);
      note(endpoint, false);
      log::debug("etcd endpoint failed, trying the next",
                 {{"endpoint", http::print_url(endpoint)}, {"error", last}});
      if (tried.was_sent && repeat == Repeat::no) co_return fail("etcd " + path, last);
    }
    const auto pause = std::min<nanoseconds>(50ms * (round + 1), deadline - BootClock::now());
    if (pause > 0ns) co_await async::sleep_for(pause);
  }
  co_return fail("etcd " + path, last);
}

awaitable<Result<json::object>> Gateway::call_at(http::Url endpoint, std::string path, json::object body,
                                                 milliseconds limit) {
  const auto self = shared_from_this();
  const auto deadline = BootClock::now() + limit;
  auto tried = co_await try_at(endpoint, path, json::serialize(body), deadline, false, nullptr);
  if (!tried.answer) co_return fail("etcd " + path, tried.verdict.error);
  const auto believed = check(parse_header(*tried.answer));
  if (!believed) co_return tl::unexpected(believed.error());
  co_return *std::move(tried.answer);
}

awaitable<Result<Gateway::Opened>> Gateway::open(std::string path, json::object body) {
  const auto self = shared_from_this();
  const std::string text = json::serialize(body);
  co_await find_endpoints(BootClock::now() + options_.request_timeout);
  Error last = without_endpoints();
  for (const auto& endpoint : in_order()) {
    const auto deadline = BootClock::now() + options_.try_timeout;
    Opened opened{.endpoint = endpoint, .body = nullptr};
    const auto tried = co_await try_at(endpoint, path, text, deadline, true, &opened.body);
    if (tried.answer) {
      note(endpoint, true);
      co_return std::move(opened);
    }
    last = tried.verdict.error;
    if (!tried.verdict.try_elsewhere) break;
    note(endpoint, false);
  }
  co_return fail("etcd " + path, last);
}

awaitable<void> Gateway::learn_if_due() {
  const auto self = shared_from_this();
  const bool is_due = learned_at_ == BootInstant{} || BootClock::now() - learned_at_ > learn_every;
  if (!options_.learn_members || !preferred_ || !is_due) co_return;
  learned_at_ = BootClock::now();
  auto answer = co_await call_at(*preferred_, "/cluster/member/list", {}, options_.connect_timeout);
  if (!answer) co_return;
  const bool is_local = std::any_of(options_.endpoints.begin(), options_.endpoints.end(),
                                    [](const http::Url& url) { return is_loopback(url.endpoint.host); });
  std::vector<http::Url> found;
  for (const auto& member : parse_members(*answer)) {
    for (const auto& text : member.client_urls) {
      const auto url = http::parse_url(text);
      const bool is_usable =
          url && url->endpoint.host != "0.0.0.0" && (is_local || !is_loopback(url->endpoint.host));
      if (is_usable) found.push_back(*url);
    }
  }
  // All learned ones dead would leave the configured ones still there; an empty answer teaches nothing.
  if (!found.empty()) learned_ = std::move(found);
}

}  // namespace holdfast::dcs::etcd
