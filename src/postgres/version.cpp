#include "postgres/version.hpp"

#include <fmt/format.h>

#include <charconv>

#include "async/child_process.hpp"
#include "postgres/children.hpp"

namespace holdfast::postgres {
namespace {

int take_number(std::string_view& text) {
  int number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{}) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::string print_version(Version version) {
  return std::to_string(version.major()) + "." + std::to_string(version.number % 10000);
}

Result<Version> parse_version(std::string_view text) {
  if (const auto close = text.find(") "); close != std::string_view::npos && text.starts_with("postgres")) {
    text.remove_prefix(close + 2);
  }
  const int major = take_number(text);
  if (major < 1 || major > 999)
    return fail(Errc::bad_message, "not a PostgreSQL version: " + std::string{text});
  int minor = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    minor = take_number(text);
  }
  return Version{major * 10000 + minor % 10000};
}

Result<void> check_supported(Version version) {
  if (version.major() >= major_min && version.major() <= major_max) return {};
  return fail(Errc::unsupported,
              fmt::format("PostgreSQL {} is not supported; use one of {} to {} (postgresql.bin_dir)",
                          version.major(), major_min, major_max));
}

std::string program(const Options& options, std::string_view name) {
  if (options.bin_dir.empty()) return std::string{name};
  return options.bin_dir + "/" + std::string{name};
}

awaitable<Result<Version>> program_version(Options options) {
  auto child = child_of(options, {program(options, "postgres"), "--version"});
  auto output = co_await async::run_child(std::move(child), 10s);
  if (!output) {
    co_return fail(output.error().code,
                   output.error().context + "; install PostgreSQL or set postgresql.bin_dir");
  }
  if (!output->status.ok())
    co_return fail(Errc::process_failed, "postgres --version: " + last_lines(output->text));
  co_return parse_version(output->text);
}

}  // namespace holdfast::postgres
