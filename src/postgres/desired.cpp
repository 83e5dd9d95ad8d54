#include <libpq-fe.h>

#include <charconv>
#include <filesystem>
#include <sstream>

#include "postgres/config_files.hpp"

namespace holdfast::postgres {
namespace {

// Undoes quote_guc.
std::string unquoted(const std::string& text) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return text;
  std::string value;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const bool is_doubled = (text[i] == '\'' || text[i] == '\\') && text[i + 1] == text[i];
    value += text[i];
    if (is_doubled) ++i;
  }
  return value;
}

std::map<std::string, std::string> settings_of(const std::string& text) {
  std::map<std::string, std::string> settings;
  std::istringstream lines{text};
  for (std::string entry; std::getline(lines, entry);) {
    const auto equals = entry.find(" = ");
    if (equals != std::string::npos && entry.front() != '#') {
      settings[entry.substr(0, equals)] = unquoted(entry.substr(equals + 3));
    }
  }
  return settings;
}

std::optional<Upstream> upstream_of(const std::string& conninfo, const std::string& slot) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> words{
      PQconninfoParse(conninfo.c_str(), nullptr), &PQconninfoFree};
  Upstream upstream{.slot = slot};
  for (const PQconninfoOption* word = words.get(); word != nullptr && word->keyword != nullptr; ++word) {
    if (word->val == nullptr) continue;
    const std::string_view name{word->keyword}, value{word->val};
    if (name == "host") upstream.host = value;
    if (name == "port") std::from_chars(value.data(), value.data() + value.size(), upstream.port);
  }
  if (upstream.host.empty()) return {};
  return upstream;
}

}  // namespace

Desired read_desired(const Options& options) {
  Desired desired;
  std::error_code ignored;
  const bool is_standby = std::filesystem::exists(options.data_dir + "/standby.signal", ignored);
  desired.role = is_standby ? Role::standby : Role::primary;
  const auto text = read_text(options.config_dir + "/postgresql.conf");
  if (!text) return desired;
  auto settings = settings_of(*text);
  desired.synchronous_standby_names = settings["synchronous_standby_names"];
  if (is_standby) desired.upstream = upstream_of(settings["primary_conninfo"], settings["primary_slot_name"]);
  return desired;
}

}  // namespace holdfast::postgres
