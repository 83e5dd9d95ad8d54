#include "route/refusal.hpp"

#include <cstdint>

namespace holdfast::route {
namespace {

constexpr std::uint32_t ssl_request = 80877103;
constexpr std::uint32_t gss_request = 80877104;
constexpr std::uint32_t startup_length_max = 10000;  // PostgreSQL's MAX_STARTUP_PACKET_LENGTH
constexpr int negotiations_max = 2;                  // GSS, then TLS
constexpr std::size_t header_size = 8;               // length that counts itself, request code or version

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void append_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

void append_field(std::string& out, char type, std::string_view text) {
  out.push_back(type);
  out.append(text);
  out.push_back('\0');
}

}  // namespace

std::string print_fatal(std::string_view sqlstate, std::string_view message) {
  std::string body;
  append_field(body, 'S', "FATAL");
  append_field(body, 'V', "FATAL");
  append_field(body, 'C', sqlstate);
  append_field(body, 'M', message);
  body.push_back('\0');
  std::string packet{"E"};
  append_u32(packet, static_cast<std::uint32_t>(body.size() + 4));
  return packet + body;
}

Refusal::Step Refusal::on_bytes(std::string_view bytes) {
  input_.append(bytes.substr(0, startup_length_max));
  Step step;
  while (input_.size() >= header_size) {
    const auto length = read_u32(input_, 0);
    const auto code = read_u32(input_, 4);
    const bool is_negotiation = length == header_size && (code == ssl_request || code == gss_request);
    if (is_negotiation && ++negotiations_ <= negotiations_max) {
      input_.erase(0, header_size);
      step.write.push_back('N');
      continue;
    }
    step.done = true;
    const bool is_startup = code >> 16 == 3 && length >= header_size && length <= startup_length_max;
    if (is_startup) step.write += error_;  // others (a cancel request, TLS, garbage) would not understand it
    break;
  }
  return step;
}

}  // namespace holdfast::route
