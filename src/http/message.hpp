#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

// HTTP/1.1 as plain values. Nothing here knows sockets or Beast.
namespace holdfast::http {

// Header fields in the order they came; names compare case-insensitively (RFC 9110, 5.1).
class Headers {
 public:
  std::optional<std::string_view> find(std::string_view name) const;    // the first of that name
  bool has_token(std::string_view name, std::string_view token) const;  // "Connection: keep-alive, Upgrade"
  void set(std::string name, std::string value);                        // replaces all of that name
  void add(std::string name, std::string value);
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as on the wire: "/replica?lag=1MB"
  std::string path = "/";    // decoded, without the query
  std::map<std::string, std::string>
      query;  // decoded; the last of equal names wins; "?leader" gives an empty value
  Headers headers;
  std::string body;
  std::string peer;              // server side: the client's IP address
  bool client_verified = false;  // server side: the client showed a certificate that our CA signed
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::string content_type = "application/json";  // sent as Content-Type when there is a body
};

// Splits "/a%20b?x=1&y" into path and query. Errc::bad_message: not an absolute path, a broken %-escape,
// control bytes.
struct Target {
  std::string path;
  std::map<std::string, std::string> query;
};
Result<Target> parse_target(std::string_view target);
std::string percent_encode(
    std::string_view text);  // all but unreserved characters: fit for a query value or path segment

// "Authorization: Basic …" taken apart; nullopt when absent or malformed.
struct Credentials {
  std::string username;
  Secret password;
};
std::optional<Credentials> credentials_of(const Request& request);
std::string basic_authorization(const std::string& username, const Secret& password);

std::string base64_encode(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);  // standard alphabet, padding required

std::string_view reason_of(int status);  // "Service Unavailable"

// The bytes to send. Content-Length, Connection and Date-free: answers are compared in tests. `with_body` is
// false for HEAD: the length is told, the body is not sent. Line breaks inside header values are dropped.
std::string print_request(const Request& request, std::string_view host, bool keep_alive);
std::string print_response(const Response& response, bool keep_alive, bool with_body);

}  // namespace holdfast::http
