#include "http/url.hpp"

#include <charconv>

namespace holdfast::http {
namespace {

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return fail(Errc::invalid_argument, "\"" + std::string{text} + "\" is not a port (0 to 65535)");
  }
  return port;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n/?#@\"<>\\") == std::string_view::npos;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(Errc::invalid_argument,
                "\"" + std::string{text} + "\" is not an address of the form host:port");
  }
  auto host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  if (!is_host(host) || host.find_first_of("[]") != std::string_view::npos ||
      (!is_bracketed && host.find(':') != std::string_view::npos)) {
    return fail(Errc::invalid_argument,
                "\"" + std::string{text} + "\" is not an address (IPv6 addresses are written [::1]:8008)");
  }
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return tl::unexpected(port.error());
  return Endpoint{std::string{host}, *port};
}

std::string print_endpoint(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<Url> parse_url(std::string_view text) {
  const std::string shown{text};
  Url url;
  if (text.starts_with("https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return fail(Errc::invalid_argument, "\"" + shown + "\" is not an http:// or https:// URL");
  }
  const auto end = text.find_first_of("/?#");
  const auto authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    // Not shown: it may hold a password.
    return fail(Errc::invalid_argument, "a URL with user information is not accepted");
  }
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string with_port = colon == std::string_view::npos
                                    ? std::string{authority} + (url.tls ? ":443" : ":80")
                                    : std::string{authority};
  auto endpoint = parse_endpoint(with_port);
  if (!endpoint) return fail("URL \"" + shown + "\"", endpoint.error());
  url.endpoint = std::move(*endpoint);
  if (end != std::string_view::npos) url.target = std::string{text.substr(end, text.find('#', end) - end)};
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
  return url;
}

std::string print_url(const Url& url) {
  const auto target = url.target == "/" ? std::string{} : url.target;
  return (url.tls ? "https://" : "http://") + print_endpoint(url.endpoint) + target;
}

Url with_target(Url base, std::string target) {
  base.target = std::move(target);
  return base;
}

}  // namespace holdfast::http
