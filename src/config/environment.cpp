#include "config/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/schema.hpp"
#include "config/yaml.hpp"

namespace holdfast::config {
namespace {

constexpr std::string_view prefix = "PATRONI_";

struct Group {
  std::string_view variable;  // PATRONI_<variable>_<KEY> sets <path>.<key>
  std::string_view path;
  std::string_view keys;
};

// Patroni's config.py, _build_environment_configuration.
constexpr std::array groups{
    Group{"", "", "name namespace scope"},
    Group{"LOG_", "log",
          "type level traceback_level format dateformat static_fields max_queue_size dir mode file_size "
          "file_num loggers "
          "deduplicate_heartbeat_logs"},
    Group{"RESTAPI_", "restapi",
          "listen connect_address certfile keyfile keyfile_password cafile ciphers verify_client "
          "http_extra_headers "
          "https_extra_headers allowlist allowlist_include_members request_queue_size thread_pool_size "
          "server_tokens"},
    Group{"RESTAPI_", "restapi.authentication", "username password"},
    Group{"CTL_", "ctl", "insecure cacert certfile keyfile keyfile_password"},
    Group{"CTL_", "ctl.authentication", "username password"},
    Group{"POSTGRESQL_", "postgresql",
          "listen connect_address proxy_address config_dir data_dir pgpass bin_dir"},
    Group{"POSTGRESQL_BIN_", "postgresql.bin_name",
          "pg_ctl initdb pg_controldata pg_basebackup postgres pg_isready pg_rewind"},
    Group{"SUPERUSER_", "postgresql.authentication.superuser",
          "username password sslmode sslcert sslkey sslpassword sslrootcert sslcrl sslcrldir sslnegotiation "
          "gssencmode "
          "channel_binding"},
    Group{"REPLICATION_", "postgresql.authentication.replication",
          "username password sslmode sslcert sslkey sslpassword sslrootcert sslcrl sslcrldir sslnegotiation "
          "gssencmode "
          "channel_binding"},
    Group{"REWIND_", "postgresql.authentication.rewind",
          "username password sslmode sslcert sslkey sslpassword sslrootcert sslcrl sslcrldir sslnegotiation "
          "gssencmode "
          "channel_binding"},
    Group{"ETCD_", "etcd",
          "host hosts url proxy srv srv_suffix use_proxies protocol username password cacert cert key"},
    Group{"ETCD3_", "etcd3",
          "host hosts url proxy srv srv_suffix use_proxies protocol username password cacert cert key"},
    Group{"", "", "thread_pool_size thread_stack_size"}};

// Read elsewhere, or by patronictl's users for other programs.
constexpr std::array known_elsewhere{"PATRONI_CONFIGURATION", "PATRONICTL_CONFIG_FILE"};
constexpr std::array other_stores{"PATRONI_CONSUL_", "PATRONI_ZOOKEEPER_", "PATRONI_EXHIBITOR_",
                                  "PATRONI_KUBERNETES_", "PATRONI_RAFT_"};

std::string upper(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::toupper(c); });
  return result;
}

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

void set_path(Node& tree, std::string_view path, Node value) {
  Node* node = &tree;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    node = &node->at_or_map(path.substr(0, dot));
    path = path.substr(dot + 1);
  }
  node->set(std::string{path}, std::move(value));
}

void set_origin(Node& node, const Origin& origin) {
  node.origin = origin;
  for (Node& item : node.items) set_origin(item, origin);
  for (auto& [key, value] : node.children) set_origin(value, origin);
}

// Lists and maps are written as YAML in a variable: "{X-Frame-Options: deny}", "['a', 'b']".
Node read_value(const std::string& variable, const std::string& text, Problems& problems) {
  const Origin origin{Origin::Kind::environment, variable};
  if (text.front() != '{' && text.front() != '[') return Node::scalar(text, origin);
  Problems found;
  Node value = parse_yaml(text, variable, found);
  for (const Problem& problem : found) problems.error(origin, problem.path, problem.text);
  set_origin(value, origin);
  return value;
}

// PATRONI_<USER>_PASSWORD and _OPTIONS make users at bootstrap.
bool apply_user(Node& tree, const std::string& variable, const std::string& text) {
  const std::string_view rest = std::string_view{variable}.substr(prefix.size());
  for (const std::string_view suffix : {"_PASSWORD", "_OPTIONS"}) {
    if (!rest.ends_with(suffix) || rest.size() == suffix.size()) continue;
    const std::string user = lower(rest.substr(0, rest.size() - suffix.size()));
    Node& section = tree.at_or_map("bootstrap").at_or_map("users").at_or_map(user);
    section.set(lower(suffix.substr(1)), Node::string(text, {Origin::Kind::environment, variable}));
    return true;
  }
  return false;
}

void apply_other(Node& tree, const std::string& variable, const std::string& text, Problems& problems) {
  const Origin origin{Origin::Kind::environment, variable};
  if (std::ranges::find(known_elsewhere, variable) != known_elsewhere.end()) return;
  for (const std::string_view store : other_stores) {
    if (variable.starts_with(store))
      return problems.error(origin, "", "only etcd is supported as consensus store");
  }
  if (apply_user(tree, variable, text)) return;
  std::vector<std::string> names;
  for (const auto& [name, path] : environment_names()) names.push_back(name);
  const std::string guess = nearest(variable, names);
  problems.warn(origin, "",
                "is no variable that is read" + (guess.empty() ? "" : "; did you mean " + guess + "?"));
}

}  // namespace

StringMap environment_names() {
  StringMap names;
  for (const Group& group : groups) {
    for (const std::string& key : split_words(group.keys, ' ')) {
      const std::string path = group.path.empty() ? key : fmt::format("{}.{}", group.path, key);
      names.set(fmt::format("{}{}{}", prefix, group.variable, upper(key)), path);
    }
  }
  return names;
}

void apply_environment(Node& tree, const StringMap& environment, Problems& problems) {
  const StringMap names = environment_names();
  for (const auto& [variable, text] : environment) {
    if (!variable.starts_with(prefix) || text.empty()) continue;
    if (const std::string* path = names.find(variable)) {
      set_path(tree, *path, read_value(variable, text, problems));
    } else {
      apply_other(tree, variable, text, problems);
    }
  }
}

}  // namespace holdfast::config
