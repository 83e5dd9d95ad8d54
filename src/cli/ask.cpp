#include "cli/ask.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>

#include "config/values.hpp"
#include "dcs/cluster.hpp"

namespace holdfast::cli {

std::vector<Result<http::Response>> ask_all(asio::io_context& loop, http::Client& client,
                                            const std::vector<std::string>& urls, milliseconds limit) {
  std::vector<Result<http::Response>> answers(urls.size());
  std::size_t open = 0;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const auto url = http::parse_url(urls[i]);
    answers[i] = fail(Errc::invalid_argument, "no URL");
    if (!url) continue;
    ++open;
    asio::co_spawn(loop, client.request(*url, http::get_request(), limit),
                   [&answers, &open, i](const std::exception_ptr& failure, Result<http::Response> answer) {
                     if (!failure) answers[i] = std::move(answer);
                     --open;
                   });
  }
  loop.restart();
  while (open > 0 && loop.run_one() > 0) {
  }
  return answers;
}

std::optional<boost::json::object> document_of(const Result<http::Response>& answer, std::string& silence) {
  if (!answer) {
    silence = to_string(answer.error());
    return {};
  }
  auto document = dcs::parse_json_object(answer->body);
  if (!document) silence = fmt::format("status {} without JSON", answer->status);
  return document;
}

std::string stats_url(std::string host, int port, std::string_view path) {
  if (host == "*" || host == "0.0.0.0" || host == "::" || host.empty()) host = "127.0.0.1";
  return fmt::format("http://{}{}", config::print_host_port({host, port}), path);
}

}  // namespace holdfast::cli
