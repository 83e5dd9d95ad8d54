#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/run_plan.hpp"
#include "cli/verbs.hpp"
#include "config/import_keepalived.hpp"
#include "config/load.hpp"
#include "config/show.hpp"

// `holdfast config …`: all of it is printed from the schema.
namespace holdfast::cli {
namespace {

Result<config::Loaded> load(const Context& context, const std::string& file, const std::string& node,
                            bool any_node = false) {
  auto request = config::request_for(file.empty() ? context.common.config_file : file, node);
  request.any_node = any_node;
  return config::load(request);
}

void say_whole(Terminal& terminal, std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  terminal.say(text);
}

void show_warnings(Terminal& terminal, const config::Problems& warnings) {
  auto text = config::print_problems(warnings);
  if (text.ends_with('\n')) text.pop_back();
  if (!text.empty()) terminal.complain(text);
}

std::string roles_text(const config::Config& config) {
  std::string text;
  for (const auto role : config.roles) {
    text += (text.empty() ? "" : ", ") + std::string{role_name(role)};
  }
  return text.empty() ? "none" : text;
}

// It may hold a password of VRRP: for its owner only.
Result<void> write_new(const std::string& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return fail(Errc::invalid_argument, fmt::format("{} can't be written: {}", path, std::strerror(errno)));
  bool is_written = true;
  while (!text.empty() && is_written) {
    const auto count = write(file, text.data(), text.size());
    is_written = count > 0;
    if (is_written) text.remove_prefix(static_cast<std::size_t>(count));
  }
  is_written = close(file) == 0 && is_written;
  if (!is_written) return fail(Errc::invalid_argument, path + " could not be written whole");
  return {};
}

}  // namespace

Result<int> run_verb(Context& context, const ConfigCheck& verb) {
  const auto loaded = load(context, verb.file, verb.node);
  if (!loaded) {
    context.terminal.complain(loaded.error().context);
    return 2;
  }
  show_warnings(context.terminal, loaded->warnings);
  context.terminal.say(fmt::format("ok: cluster {}, this host is {}, roles: {}", loaded->config.scope,
                                   loaded->config.name.empty() ? "unnamed" : loaded->config.name,
                                   roles_text(loaded->config)));
  return 0;
}

Result<int> run_verb(Context& context, const ConfigShow& verb) {
  const auto loaded = load(context, verb.file, verb.node);
  if (!loaded) {
    context.terminal.complain(loaded.error().context);
    return 2;
  }
  show_warnings(context.terminal, loaded->warnings);
  say_whole(context.terminal, config::dump(loaded->config));
  return 0;
}

Result<int> run_verb(Context& context, const ConfigExplain& verb) {
  // With a configuration at hand the value in force is told too; without one the key alone is explained.
  const auto loaded = load(context, "", "", true);
  const auto text = loaded ? config::explain(verb.key, loaded->config) : config::explain(verb.key);
  if (!text) {
    context.terminal.complain("Error: " + text.error().context);
    return 2;
  }
  say_whole(context.terminal, *text);
  return 0;
}

Result<int> run_verb(Context& context, const ConfigImport& verb) {
  const auto imported = config::import_keepalived_file(verb.file, verb.id);
  if (!imported) {
    context.terminal.complain(imported.error().context);
    return 2;
  }
  show_warnings(context.terminal, imported->warnings);
  if (verb.output.empty()) {
    say_whole(context.terminal, imported->yaml);
    return 0;
  }
  if (const auto written = write_new(verb.output, imported->yaml); !written) {
    context.terminal.complain("Error: " + written.error().context);
    return 2;
  }
  return 0;
}

Result<int> run_verb(Context& context, const ConfigReference&) {
  say_whole(context.terminal, config::reference_markdown());
  return 0;
}

Result<int> run_verb(Context& context, const ConfigSchema&) {
  say_whole(context.terminal, config::json_schema());
  return 0;
}

}  // namespace holdfast::cli
