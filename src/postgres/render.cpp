#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <sstream>

#include "postgres/config_files.hpp"

namespace holdfast::postgres {
namespace {

constexpr std::string_view header =
    "# Written by Holdfast: changes made here are overwritten. Use `holdfast edit-config` or the node's YAML "
    "file.\n";

std::string doubled(const std::string& value, std::string_view special, char escape) {
  std::string text;
  for (const char c : value) {
    if (c == '\n' || c == '\r' || c == '\0') continue;  // no setting can continue on a line of its own
    if (special.find(c) != std::string_view::npos) text += escape == 0 ? c : escape;
    text += c;
  }
  return text;
}

std::string line(const std::string& name, const std::string& value) {
  return name + " = " + quote_guc(value) + "\n";
}

std::string hba_name(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '\n' || c == '\r') continue;
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

// Without a password nobody can log in by one: then only the operating system's word counts, and the user's
// own lines.
void append_superuser(std::string& text, const Options& options) {
  const std::string name = hba_name(options.superuser.username);
  if (options.superuser.password.empty()) {
    text += "local all " + name + " peer\n";
    return;
  }
  text += "local all " + name + " " + options.hba_method + "\n";
  text += "host all " + name + " 127.0.0.0/8 " + options.hba_method + "\n";
  text += "host all " + name + " ::1/128 " + options.hba_method + "\n";
  boost::system::error_code not_an_address;
  const auto own = asio::ip::make_address(options.local_host, not_an_address);
  if (!not_an_address && !own.is_loopback()) {
    text += fmt::format("host all {} {}/{} {}\n", name, own.to_string(), own.is_v4() ? 32 : 128,
                        options.hba_method);
  }
}

void append_everywhere(std::string& text, const std::string& database, const Credentials& who,
                       const std::string& method) {
  if (who.password.empty()) return;
  text += "host " + database + " " + hba_name(who.username) + " all " + method + "\n";
}

void append_upstream(std::string& text, const Options& options, const Desired& desired) {
  const bool follows = desired.role == Role::standby && desired.upstream;
  text += line("primary_conninfo", follows ? primary_conninfo(options, *desired.upstream) : "");
  text += line("primary_slot_name", follows ? desired.upstream->slot : "");
  text += line("recovery_target_timeline", "latest");
  for (const auto& [name, value] : options.recovery) {
    if (name != "recovery_target_timeline" && name != "primary_conninfo" && name != "primary_slot_name") {
      text += line(name, value);
    }
  }
}

std::string passfile_field(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == ':') text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

std::string quote_guc(const std::string& value) {
  std::string text = doubled(value, "'\\", 0);
  return "'" + text + "'";
}

std::string quote_conninfo(const std::string& value) {
  return "'" + doubled(value, "'\\", '\\') + "'";
}

std::string primary_conninfo(const Options& options, const Upstream& upstream) {
  std::vector<std::pair<std::string, std::string>> words{
      {"user", options.replication.username},  {"passfile", options.passfile},       {"host", upstream.host},
      {"port", std::to_string(upstream.port)}, {"application_name", options.member},
  };
  for (const auto& [name, value] : options.replication.connection) words.emplace_back(name, value);
  if (!options.replication.connection.contains("sslmode")) words.emplace_back("sslmode", "prefer");
  std::string text;
  for (const auto& [name, value] : words)
    text += (text.empty() ? "" : " ") + name + "=" + quote_conninfo(value);
  return text;
}

std::string render_postgresql_conf(const Options& options, Version, const Parameters& parameters,
                                   const Desired& desired) {
  std::string text{header};
  text += "include " + quote_guc(options.custom_conf.empty() ? "postgresql.base.conf" : options.custom_conf) +
          "\n\n";
  for (const auto& [name, value] : parameters) text += line(name, value);
  if (desired.archiving_off) text += line("archive_mode", "off");
  if (!options.socket_dir.empty()) text += line("unix_socket_directories", options.socket_dir);
  text += line("hba_file", options.config_dir + "/pg_hba.conf");
  text += line("ident_file", options.config_dir + "/pg_ident.conf");
  text += "\n";
  text += line("synchronous_standby_names", desired.synchronous_standby_names);
  append_upstream(text, options, desired);
  return text;
}

std::string render_pg_hba(const Options& options) {
  std::string text{header};
  text += "# Without these lines the cluster can't be kept alive; the first that fits counts.\n";
  append_superuser(text, options);
  append_everywhere(text, "replication", options.replication, options.hba_method);
  const bool superuser_rewinds = options.rewind.username.empty();
  append_everywhere(text, "postgres", superuser_rewinds ? options.superuser : options.rewind,
                    options.hba_method);
  text += "# From postgresql.pg_hba.\n";
  for (const auto& rule : options.pg_hba) text += rule + "\n";
  if (options.pg_hba.empty()) text += "local all all scram-sha-256\nhost all all all scram-sha-256\n";
  return text;
}

std::string render_passfile(const Options& options) {
  std::string text;
  for (const auto* who : {&options.replication, &options.rewind, &options.superuser}) {
    if (who->username.empty() || who->password.empty()) continue;
    text += "*:*:*:" + passfile_field(who->username) + ":" + passfile_field(who->password.reveal()) + "\n";
  }
  return text;
}

std::string strip_auto_conf(const std::string& text, const std::set<std::string>& also) {
  static const std::set<std::string> recovery{"restore_command",      "archive_cleanup_command",
                                              "recovery_end_command", "recovery_min_apply_delay",
                                              "standby_mode",         "trigger_file"};
  std::string kept;
  std::istringstream lines{text};
  for (std::string entry; std::getline(lines, entry);) {
    std::string name = entry.substr(0, entry.find_first_of(" \t="));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_controlled(name) && !recovery.contains(name) && !also.contains(name)) kept += entry + "\n";
  }
  return kept;
}

}  // namespace holdfast::postgres
