#include <cstdint>
#include <string>

#include "http/parser.hpp"
#include "http/url.hpp"

// Requests and responses from anybody: no crash, no more than the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::http;
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  RequestParser requests{{1024, 4096}};
  std::string input = bytes;
  const auto request = requests.feed(input);
  if (request && *request) {
    if (const auto taken = requests.take()) credentials_of(*taken);
  }
  ResponseParser responses{{1024, 4096}, false};
  input.clear();
  for (const char byte : bytes) {  // one byte at a time: the cuts must not matter
    input += byte;
    const auto response = responses.feed(input);
    if (!response || *response) break;
    responses.take_body();
  }
  (void)responses.end();
  (void)parse_url(bytes);
  (void)parse_target(bytes);
  (void)base64_decode(bytes);
  return 0;
}
