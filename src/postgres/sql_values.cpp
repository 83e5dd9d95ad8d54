#include <algorithm>

#include "postgres/sql.hpp"

namespace holdfast::postgres {

Field Rows::get(std::size_t row, std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end() || row >= rows.size()) return {};
  return rows[row][static_cast<std::size_t>(found - columns.begin())];
}

std::string sqlstate_of(const Error& error) {
  const std::string& text = error.context;
  if (text.size() < 7 || text.back() != ']' || text[text.size() - 7] != '[') return "";
  return text.substr(text.size() - 6, 5);
}

std::string quote_identifier(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

// E'' form: right whatever standard_conforming_strings is.
std::string quote_literal(std::string_view text) {
  std::string quoted = "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

ConnectionOptions local_connection(const Options& options) {
  ConnectionOptions to;
  to.host = options.local_host.empty() ? options.socket_dir : options.local_host;
  to.port = options.port;
  to.database = options.database;
  to.credentials = options.superuser;
  return to;
}

ConnectionOptions remote_connection(const Options& options, const Upstream& upstream, const Credentials& as) {
  ConnectionOptions to;
  to.host = upstream.host;
  to.port = upstream.port;
  to.database = "postgres";
  to.credentials = as;
  to.application_name = options.member + " holdfast";
  return to;
}

}  // namespace holdfast::postgres
