// The only file that knows CLI11 (13 s of compilation).
#include "cli/parse.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <sstream>

namespace holdfast::cli {
namespace {

const std::vector<std::string> role_words{"leader",  "primary", "standby-leader", "replica",
                                          "standby", "any",     "master"};
const std::vector<std::pair<std::string, Format>> format_words{
    {"pretty", Format::pretty}, {"tsv", Format::tsv}, {"json", Format::json}, {"yaml", Format::yaml}};

// Declares verbs on a CLI11 application; what was parsed ends in `result`.
class Grammar {
 public:
  Grammar(CLI::App& app, Invocation& result) : app_{app}, result_{result} {}

  void declare_common();
  void declare_roles();
  void declare_host_verbs();
  void declare_reading_verbs();
  void declare_acting_verbs();
  void declare_member_verbs();
  void declare_config_verbs();

 private:
  // A verb whose struct becomes the command when it was chosen, and no verb under it.
  template <class Verb>
  std::pair<CLI::App*, Verb*> verb(const std::string& name, const std::string& help, Verb initial = {},
                                   CLI::App* under = nullptr) {
    auto* app = (under != nullptr ? under : &app_)->add_subcommand(name, help);
    auto stored = std::make_shared<Verb>(std::move(initial));
    app->callback([this, app, stored] {
      if (app->get_subcommands().empty()) result_.command = *stored;
    });
    app->fallthrough();
    return {app, stored.get()};
  }

  static void add_cluster(CLI::App* app, std::string& cluster) {
    app->add_option("cluster", cluster, "Name of the cluster; default: `scope` of the configuration");
  }
  static void add_selection(CLI::App* app, Selection& selection, const std::string& action) {
    app->add_option("names", selection.names, "[CLUSTER] [MEMBER...]; no member: all of them");
    app->add_option("-r,--role", selection.role, action + " only members with this role")
        ->check(CLI::IsMember(role_words));
  }
  static void add_format(CLI::App* app, Format& format, const std::string& names = "-f,--format") {
    app->add_option(names, format, "Output format")
        ->transform(CLI::CheckedTransformer(format_words).description("{pretty,tsv,json,yaml}"));
  }
  static void add_watch(CLI::App* app, Watch& watch) {
    app->add_option("-w,--watch", watch.seconds, "Update the screen every so many seconds")
        ->check(CLI::PositiveNumber);
    app->add_flag_callback(
        "-W", [&watch] { watch.seconds = watch.seconds.value_or(2); }, "Update the screen every 2 seconds");
  }
  static void add_force(CLI::App* app, bool& force) {
    app->add_flag("--force", force, "Do not ask for confirmation at any point");
  }

  CLI::App& app_;
  Invocation& result_;
};

void Grammar::declare_common() {
  auto& common = result_.common;
  app_.add_option("-c,--config-file,--config", common.config_file, "Configuration file")
      ->envname("PATRONICTL_CONFIG_FILE");
  app_.add_option("-d,--dcs-url,--dcs", common.dcs_url,
                  "The consensus store, instead of the file's: "
                  "etcd3://HOST:PORT")
      ->envname("DCS_URL");
  app_.add_flag("-k,--insecure", common.insecure, "Don't verify the certificates of REST APIs");
}

void Grammar::declare_roles() {
  auto [run_app, run] =
      verb<Run>("run", "Start the roles that the configuration gives this host, and keep them up");
  run_app->add_option("--node", run->node,
                      "Which of `nodes` this host is; default: found by name or address");
  const auto role = [this](const char* name, const char* help, config::Role which) {
    auto [app, chosen] = verb<RunRole>(name, help, RunRole{.role = which});
    app->add_option("--node", chosen->node, "Which of `nodes` this host is");
    return app;
  };
  role("agent", "Run one PostgreSQL instance and compete for the leader lock (foreground)",
       config::Role::agent);
  role("proxy", "Route clients to the primary and the replicas (foreground)", config::Role::proxy);
  auto* vip =
      role("vip", "Float the address that clients connect to between hosts (foreground)", config::Role::vip);
  auto [show_app, show] = verb<VipShow>("show",
                                        "Which host holds the address, why, and what happened; exit 0 "
                                        "healthy, 1 degraded, 2 nobody holds it",
                                        {}, vip);
  add_format(show_app, show->format);
  add_watch(show_app, show->watch);
  role("etcd", "Run this host's etcd member (foreground)", config::Role::etcd);
  auto [sentinel_app, sentinel] = verb<Sentinel>("sentinel", "Internal: the fence of one agent");
  sentinel_app->group("");  // not listed
  sentinel_app->add_option("--socket", sentinel->socket)->required();
  sentinel_app->add_option("--data-dir", sentinel->data_dir)->required();
  sentinel_app->add_option("--bin-dir", sentinel->bin_dir);
  sentinel_app->add_option("--member", sentinel->member)->required();
}

void Grammar::declare_host_verbs() {
  auto* config = app_.add_subcommand("config", "Check, show and explain the configuration");
  config->require_subcommand(1);
  config->fallthrough();
  auto [check_app, check] = verb<ConfigCheck>("check",
                                              "Report every problem of a configuration; exit 2 when "
                                              "there are any",
                                              {}, config);
  check_app->add_option("file", check->file, "File or directory; default: as -c");
  check_app->add_option("--node", check->node, "As this one of `nodes`");
  auto [show_app, show] =
      verb<ConfigShow>("show", "Print every value in force and where it came from", {}, config);
  show_app->add_option("file", show->file, "File or directory; default: as -c");
  show_app->add_option("--node", show->node, "As this one of `nodes`");
  auto [explain_app, explain] =
      verb<ConfigExplain>("explain", "What a key means: type, default, bounds", {}, config);
  explain_app->add_option("key", explain->key, "Dotted path, e.g. postgresql.pg_ctl_timeout")->required();
  auto [import_app, import] =
      verb<ConfigImport>("import", "Print the section `vip` that a keepalived.conf becomes", {}, config);
  import_app->add_option("file", import->file, "keepalived.conf")->required();
  import_app->add_option("-o,--output", import->output, "Write it there instead; the file must not exist");
  import_app->add_option("-i,--config-id", import->id,
                         "keepalived's: lines '@ID …' are for it; default: host name");
  verb<ConfigReference>("reference", "Print the reference page (Markdown)", {}, config);
  verb<ConfigSchema>("schema", "Print the JSON schema, for editors", {}, config);

  auto [shell_app, completion] = verb<Completion>("completion", "Print the completion script of a shell");
  shell_app->add_option("shell", completion->shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"bash", "zsh"}));
  // Their own arguments are parsed by the verbs themselves: run() cuts them off before this grammar sees
  // them.
  verb<External>("drill", "Break something on purpose and report what clients saw",
                 {External::Program::drill, {}});
  verb<External>("demo", "Bring up a whole cluster on this machine", {External::Program::demo, {}});

  auto [status_app, status] = verb<Status>("status",
                                           "Who is primary, who serves, what is wrong and what to do; "
                                           "exit 0 healthy, 1 degraded, 2 no primary");
  add_cluster(status_app, status->cluster);
  add_format(status_app, status->format);
  add_watch(status_app, status->watch);
}

void Grammar::declare_reading_verbs() {
  auto [list_app, list] = verb<List>("list", "List the members of a cluster");
  list_app->add_option("clusters", list->clusters,
                       "Names of clusters; default: `scope` of the configuration");
  list_app->add_flag("-e,--extended", list->extended, "Show some extra information");
  list_app->add_flag("-t,--timestamp", list->timestamp, "Print a timestamp");
  add_format(list_app, list->format);
  add_watch(list_app, list->watch);
  auto [topology_app, topology] =
      verb<List>("topology", "Print who follows whom", List{.format = Format::topology});
  topology_app->add_option("clusters", topology->clusters, "Names of clusters");
  add_watch(topology_app, topology->watch);
  auto [history_app, history] = verb<History>("history", "Show the history of failovers and switchovers");
  add_cluster(history_app, history->cluster);
  add_format(history_app, history->format);
  auto [dsn_app, dsn] = verb<Dsn>("dsn", "Print a connection string for a member; default: of the leader");
  add_cluster(dsn_app, dsn->cluster);
  dsn_app->add_option("-r,--role", dsn->role, "Of any member with this role")
      ->check(CLI::IsMember(role_words));
  dsn_app->add_option("-m,--member", dsn->member, "Of this member");
  auto [version_app, version] =
      verb<Version>("version", "Version of this program, and of a cluster's members");
  version_app->add_option("names", version->names, "[CLUSTER [MEMBER...]]");

  auto [query_app, query] = verb<Query>("query", "Run SQL on a member; default: on the leader");
  add_cluster(query_app, query->cluster);
  add_format(query_app, query->format, "--format");
  query_app->add_option("-f,--file", query->file, "Execute the SQL commands from this file");
  query_app->add_option("-c,--command", query->command, "The SQL commands to execute");
  query_app->add_flag("--password", query->password, "Force a password prompt");
  query_app->add_option("-U,--username", query->username, "Database user name");
  query_app->add_option("-d,--dbname", query->database, "Database name to connect to");
  query_app->add_option("-r,--role", query->role, "The role of the query")->check(CLI::IsMember(role_words));
  query_app->add_option("-m,--member", query->member, "Query a specific member");
  query_app->add_option("--delimiter", query->delimiter, "The column delimiter");
  add_watch(query_app, query->watch);
}

void Grammar::declare_acting_verbs() {
  const auto switchover = [this](const char* name, const char* help, bool is_failover) {
    auto [app, chosen] = verb<Switchover>(name, help, Switchover{.is_failover = is_failover});
    add_cluster(app, chosen->cluster);
    app->add_option("--leader,--primary,--master", chosen->leader, "The name of the current leader");
    app->add_option("--candidate", chosen->candidate, "The name of the candidate");
    if (!is_failover)
      app->add_option("--scheduled", chosen->scheduled,
                      "When, unambiguously (e.g. 2026-01-14T10:09:57+01:00)");
    add_force(app, chosen->force);
  };
  switchover("switchover", "Hand the primary's role over, planned", false);
  switchover("failover", "Promote a chosen replica, also when there is no leader", true);
  const auto pause = [this](const char* name, const char* help, bool on) {
    auto [app, chosen] = verb<Pause>(name, help, Pause{.on = on});
    add_cluster(app, chosen->cluster);
    app->add_flag("--wait", chosen->wait, "Wait until all members have seen it");
  };
  pause("pause", "Disable automatic failover (maintenance mode)", true);
  pause("resume", "Enable automatic failover again", false);
  auto [remove_app, remove] = verb<Remove>("remove", "Remove a cluster from the consensus store");
  remove_app->add_option("cluster", remove->cluster, "Name of the cluster")->required();
  add_format(remove_app, remove->format);
}

void Grammar::declare_member_verbs() {
  auto [restart_app, restart] = verb<Restart>("restart", "Restart PostgreSQL on members");
  add_selection(restart_app, restart->selection, "Restart");
  restart_app->add_flag("--any", restart->any, "Restart a single member only");
  restart_app->add_option("--scheduled", restart->scheduled, "When, unambiguously (e.g. ISO 8601)");
  restart_app->add_option("--pg-version", restart->pg_version,
                          "Only where PostgreSQL is older than this (e.g. 15.4)");
  restart_app->add_flag("--pending", restart->pending, "Only where a restart is pending");
  restart_app->add_option("--timeout", restart->timeout, "Fail over if it takes longer than this");
  add_force(restart_app, restart->force);
  auto [reload_app, reload] = verb<Reload>("reload", "Reload the configuration of members");
  add_selection(reload_app, reload->selection, "Reload");
  add_force(reload_app, reload->force);
  auto [reinit_app, reinit] = verb<Reinit>("reinit", "Copy a replica's data directory anew");
  reinit_app->add_option("names", reinit->selection.names, "[CLUSTER] MEMBER...");
  reinit_app->add_flag("--wait", reinit->wait, "Wait until it has completed");
  reinit_app->add_flag("--from-leader", reinit->from_leader,
                       "Copy from the leader, not from another replica");
  add_force(reinit_app, reinit->force);
  auto [flush_app, flush] = verb<Flush>("flush", "Discard a scheduled restart or switchover");
  add_selection(flush_app, flush->selection, "Flush");
  add_force(flush_app, flush->force);
}

void Grammar::declare_config_verbs() {
  auto [show_app, show] = verb<ShowConfig>("show-config", "Show the cluster's configuration");
  add_cluster(show_app, show->cluster);
  auto [app, edit] = verb<EditConfig>("edit-config", "Edit the cluster's configuration");
  add_cluster(app, edit->cluster);
  app->add_flag("-q,--quiet", edit->quiet, "Do not show changes");
  app->add_option("-s,--set", edit->settings, "Set one value: key=value; can be given several times")
      ->allow_extra_args(false);
  app->add_option("-p,--pg", edit->pg_settings,
                  "Set a PostgreSQL parameter; short for -s postgresql.parameters.")
      ->allow_extra_args(false);
  app->add_option("--apply", edit->apply_file, "Apply changes from a YAML file; - for standard input");
  app->add_option("--replace", edit->replace_file,
                  "Replace the configuration by a YAML file; - for standard input");
  add_force(app, edit->force);
}

std::unique_ptr<CLI::App> make_app(Style style, Invocation& result, std::shared_ptr<Grammar>& grammar) {
  const bool is_patronictl = style == Style::patronictl;
  auto app = std::make_unique<CLI::App>(
      is_patronictl ? "Operate a PostgreSQL cluster that Holdfast or Patroni runs."
                    : "Holdfast keeps a PostgreSQL cluster writable, and its one address answering.",
      is_patronictl ? "patronictl" : "holdfast");
  app->require_subcommand(1);
  grammar = std::make_shared<Grammar>(*app, result);
  grammar->declare_common();
  if (!is_patronictl) grammar->declare_roles();
  grammar->declare_reading_verbs();
  grammar->declare_acting_verbs();
  grammar->declare_member_verbs();
  grammar->declare_config_verbs();
  if (!is_patronictl) grammar->declare_host_verbs();
  return app;
}

// `drill` and `demo` take everything behind their name.
std::optional<Invocation> external_verb(Style style, const std::vector<std::string>& arguments) {
  if (style == Style::patronictl || arguments.empty()) return {};
  const std::vector<std::string> rest{arguments.begin() + 1, arguments.end()};
  if (arguments[0] == "drill") return Invocation{style, {}, External{External::Program::drill, rest}};
  if (arguments[0] == "demo") return Invocation{style, {}, External{External::Program::demo, rest}};
  return {};
}

OptionInfo describe_option(const CLI::Option& option) {
  OptionInfo info{.names = {},
                  .help = option.get_description(),
                  .takes_value = option.get_items_expected_max() > 0,
                  .values = {}};
  for (const auto& name : option.get_snames()) info.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) info.names.push_back("--" + name);
  if (info.names.front() == "-r") info.values = role_words;
  if (info.names.back() == "--format") info.values = {"pretty", "tsv", "json", "yaml"};
  return info;
}

VerbInfo describe_app(const CLI::App& app) {
  VerbInfo info{.name = app.get_name(), .help = app.get_description(), .options = {}, .verbs = {}};
  for (const auto* option : app.get_options()) {
    if (option->nonpositional()) info.options.push_back(describe_option(*option));
  }
  for (const auto* verb : app.get_subcommands({})) {
    if (!verb->get_group().empty()) info.verbs.push_back(describe_app(*verb));
  }
  return info;
}

}  // namespace

std::variant<Invocation, Answered> parse(Style style, std::vector<std::string> arguments) {
  if (auto external = external_verb(style, arguments)) return *std::move(external);
  Invocation result;
  std::shared_ptr<Grammar> grammar;
  const auto app = make_app(style, result, grammar);
  result.style = style;
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app->parse(std::move(arguments));
  } catch (const CLI::ParseError& problem) {
    std::ostringstream out, err;
    const int code = app->exit(problem, out, err);
    return Answered{code == 0 ? 0 : 2, code == 0 ? out.str() : err.str()};
  }
  return result;
}

VerbInfo describe(Style style) {
  Invocation unused;
  std::shared_ptr<Grammar> grammar;
  return describe_app(*make_app(style, unused, grammar));
}

}  // namespace holdfast::cli
