#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace holdfast::http {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes what stands before the next `separator` off the front of `text`.
std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto piece = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return piece;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus_is_space) {
      result += ' ';
    } else if (text[at] != '%') {
      result += text[at];
    } else {
      const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
      if (high < 0 || low < 0) return fail(Errc::bad_message, "broken %-escape in a request target");
      result += static_cast<char>(high * 16 + low);
      at += 2;
    }
  }
  return result;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  // A line break would let a value forge further fields.
  std::copy_if(value.begin(), value.end(), std::back_inserter(out),
               [](char c) { return c != '\r' && c != '\n'; });
  out.append("\r\n");
}

void append_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.all()) append_field(out, name, value);
}

bool may_have_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (same_name(key, name)) return value;
  }
  return std::nullopt;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const auto& [key, value] : fields_) {
    std::string_view rest = value;
    while (same_name(key, name) && !rest.empty()) {
      if (same_name(trim(take_until(rest, ',')), token)) return true;
    }
  }
  return false;
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
  add(std::move(name), std::move(value));
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

Result<Target> parse_target(std::string_view target) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  if (std::any_of(target.begin(), target.end(), is_control)) {
    return fail(Errc::bad_message, "control byte in a request target");
  }
  if (target.empty() || target.front() != '/') return fail(Errc::bad_message, "request target is not a path");
  target = target.substr(0, target.find('#'));
  Target parsed;
  auto path = percent_decode(take_until(target, '?'), false);
  if (!path) return tl::unexpected(path.error());
  parsed.path = std::move(*path);
  while (!target.empty()) {
    std::string_view value = take_until(target, '&');
    const std::string_view name = take_until(value, '=');
    auto decoded_name = percent_decode(name, true);
    auto decoded_value = percent_decode(value, true);
    if (!decoded_name || !decoded_value)
      return fail(Errc::bad_message, "broken %-escape in a request target");
    if (!decoded_name->empty()) parsed.query[*decoded_name] = *decoded_value;
  }
  return parsed;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
    } else {
      result.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return result;
}

std::optional<Credentials> credentials_of(const Request& request) {
  const auto field = request.headers.find("Authorization");
  if (!field || field->size() < 6 || !same_name(field->substr(0, 6), "Basic ")) return std::nullopt;
  const auto decoded = base64_decode(trim(field->substr(6)));
  if (!decoded) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{decoded->substr(0, colon), Secret{decoded->substr(colon + 1)}};
}

std::string basic_authorization(const std::string& username, const Secret& password) {
  return "Basic " + base64_encode(username + ":" + password.reveal());
}

std::string base64_encode(std::string_view bytes) {
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      result += i <= count ? base64_alphabet[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return result;
}

Result<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return fail(Errc::bad_message, "base64 of odd length");
  std::string result;
  result.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool is_last = at + 4 == text.size();
    const std::size_t padding = !is_last ? 0 : text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto digit = i >= 4 - padding ? 0 : base64_alphabet.find(text[at + i]);
      if (digit == std::string_view::npos) return fail(Errc::bad_message, "not base64");
      group = group << 6 | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t i = 0; i < 3 - padding; ++i) result += static_cast<char>(group >> (16 - 8 * i) & 255);
  }
  return result;
}

std::string_view reason_of(int status) {
  struct Entry {
    int status;
    std::string_view reason;
  };
  constexpr std::array entries{
      Entry{101, "Switching Protocols"},
      Entry{200, "OK"},
      Entry{202, "Accepted"},
      Entry{204, "No Content"},
      Entry{301, "Moved Permanently"},
      Entry{304, "Not Modified"},
      Entry{400, "Bad Request"},
      Entry{401, "Unauthorized"},
      Entry{403, "Forbidden"},
      Entry{404, "Not Found"},
      Entry{405, "Method Not Allowed"},
      Entry{408, "Request Timeout"},
      Entry{409, "Conflict"},
      Entry{412, "Precondition Failed"},
      Entry{413, "Content Too Large"},
      Entry{422, "Unprocessable Content"},
      Entry{429, "Too Many Requests"},
      Entry{431, "Request Header Fields Too Large"},
      Entry{500, "Internal Server Error"},
      Entry{501, "Not Implemented"},
      Entry{502, "Bad Gateway"},
      Entry{503, "Service Unavailable"},
      Entry{504, "Gateway Timeout"},
  };
  for (const auto& entry : entries) {
    if (entry.status == status) return entry.reason;
  }
  return status < 400 ? "OK" : "Error";
}

std::string print_request(const Request& request, std::string_view host, bool keep_alive) {
  std::string out = request.method + " " + request.target + " HTTP/1.1\r\n";
  append_field(out, "Host", host);
  append_fields(out, request.headers);
  if (!request.headers.find("Connection"))
    append_field(out, "Connection", keep_alive ? "keep-alive" : "close");
  const bool tells_length = !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
                            request.method == "PATCH";
  if (tells_length) append_field(out, "Content-Length", std::to_string(request.body.size()));
  return out + "\r\n" + request.body;
}

std::string print_response(const Response& response, bool keep_alive, bool with_body) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(reason_of(response.status)).append("\r\n");
  append_fields(out, response.headers);
  if (!response.headers.find("Connection"))
    append_field(out, "Connection", keep_alive ? "keep-alive" : "close");
  if (!may_have_body(response.status)) return out + "\r\n";
  if (!response.body.empty() && !response.headers.find("Content-Type")) {
    append_field(out, "Content-Type", response.content_type);
  }
  append_field(out, "Content-Length", std::to_string(response.body.size()));
  out.append("\r\n");
  return with_body ? out + response.body : out;
}

}  // namespace holdfast::http
