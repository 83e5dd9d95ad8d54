#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "cli/diff.hpp"
#include "cli/session.hpp"
#include "cli/settings_change.hpp"
#include "cli/verbs.hpp"
#include "cli/yaml.hpp"
#include "config/dynamic.hpp"
#include "dcs/transactions.hpp"

extern char** environ;

namespace holdfast::cli {
namespace {

namespace json = boost::json;

Result<std::string> read_text(const std::string& file) {
  if (file == "-") return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
  std::ifstream stream{file};
  if (!stream) return fail(Errc::not_found, file + " can't be read");
  return std::string{std::istreambuf_iterator<char>{stream}, {}};
}

Result<json::object> read_map(const std::string& text, const std::string& file) {
  auto value = parse_yaml(text, file);
  if (!value) return tl::unexpected(value.error());
  if (value->is_null()) return json::object{};
  if (!value->is_object()) return fail(Errc::invalid_argument, file + " is not a map of keys");
  return value->as_object();
}

// Removed with its content when the editing is over.
struct TemporaryFile {
  std::string path;
  ~TemporaryFile() { unlink(path.c_str()); }
};

Result<void> run_editor(const std::string& file) {
  const char* chosen = std::getenv("EDITOR");
  const std::string editor = chosen != nullptr && *chosen != '\0' ? chosen : "editor";
  // Through the shell, since EDITOR may hold options; the file's name is an argument of its own.
  std::string command = editor + " \"$1\"";
  char* const argv[] = {const_cast<char*>("sh"), const_cast<char*>("-c"),         command.data(),
                        const_cast<char*>("sh"), const_cast<char*>(file.c_str()), nullptr};
  pid_t pid = 0;
  if (posix_spawn(&pid, "/bin/sh", nullptr, nullptr, argv, environ) != 0)
    return fail(Errc::process_failed, "no shell to start the editor");
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || status != 0) {
    return fail(Errc::process_failed,
                fmt::format("Editor exited with return code {}; set EDITOR to one that is installed",
                            WIFEXITED(status) ? WEXITSTATUS(status) : -1));
  }
  return {};
}

Result<json::object> edit_by_hand(const std::string& text, const std::string& scope) {
  std::string path = (std::filesystem::temp_directory_path() / (scope + "-config-XXXXXX.yaml")).string();
  const int fd = mkstemps(path.data(), 5);
  if (fd < 0)
    return fail(Errc::io_error, "no temporary file in " + std::filesystem::temp_directory_path().string());
  const TemporaryFile file{path};
  close(fd);
  std::ofstream{path} << text;
  if (const auto edited = run_editor(path); !edited) return tl::unexpected(edited.error());
  const auto after = read_text(path);
  if (!after) return tl::unexpected(after.error());
  return read_map(*after, "the edited text");
}

// What the options ask for; nullopt: nothing, so the editor is opened.
Result<std::optional<json::object>> changed_by_options(const EditConfig& verb, const json::object& current) {
  json::object changed = current;
  for (const auto* file : {&verb.replace_file, &verb.apply_file}) {
    if (file->empty()) continue;
    const auto text = read_text(*file);
    if (!text) return tl::unexpected(text.error());
    const auto map = read_map(*text, *file);
    if (!map) return tl::unexpected(map.error());
    if (file == &verb.replace_file) changed.clear();
    apply_patch(changed, *map);
  }
  auto settings = verb.settings;
  for (const auto& setting : verb.pg_settings) settings.push_back("postgresql.parameters." + setting);
  for (const auto& setting : settings) {
    if (const auto applied = apply_setting(changed, setting); !applied)
      return tl::unexpected(applied.error());
  }
  const bool is_asked = !verb.replace_file.empty() || !verb.apply_file.empty() || !settings.empty();
  if (!is_asked) return std::optional<json::object>{};
  return std::optional{std::move(changed)};
}

void show_difference(Terminal& terminal, const json::object& before, const json::object& after) {
  auto diff = unified_diff(print_yaml(before), print_yaml(after), terminal.is_screen());
  if (diff.ends_with('\n')) diff.pop_back();
  terminal.say(diff);
}

Result<int> store(Context& context, Session& session, const dcs::Config& before, const std::string& text) {
  const dcs::Keys keys{session.config().namespace_, session.scope()};
  const auto written = session.write(dcs::put_config(keys, text, before.mod_revision));
  if (!written) return tl::unexpected(written.error());
  if (!*written) return fail(Errc::conflict, "Config modification aborted due to concurrent changes");
  context.terminal.say("Configuration changed");
  return 0;
}

}  // namespace

Result<int> run_verb(Context& context, const ShowConfig& verb) {
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  if (!cluster->config) return fail(Errc::not_found, (*session)->scope() + " has no configuration yet");
  context.terminal.say(print_yaml(cluster->config->value));
  return 0;
}

Result<int> run_verb(Context& context, const EditConfig& verb) {
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  if (!cluster->config) return fail(Errc::not_found, (*session)->scope() + " has no configuration yet");
  const auto& before = cluster->config->value;
  const auto asked = changed_by_options(verb, before);
  if (!asked) return tl::unexpected(asked.error());
  json::object after;
  if (*asked) {
    after = **asked;
  } else {
    auto edited = edit_by_hand(print_yaml(before), (*session)->scope());
    if (!edited) return tl::unexpected(edited.error());
    after = *std::move(edited);
  }
  if (before == after) {
    if (!verb.quiet) context.terminal.say("Not changed");
    return 0;
  }
  if (!verb.quiet) show_difference(context.terminal, before, after);
  // What no member would accept is refused here, where it can still be mended.
  const std::string text = dcs::print_json(after);
  if (const auto valid = config::replace_dynamic(text); !valid) return tl::unexpected(valid.error());
  if ((verb.apply_file == "-" || verb.replace_file == "-") && !verb.force) {
    context.terminal.say("Use --force option to apply changes");
    return 0;
  }
  if (!verb.force) {
    const auto answer = context.terminal.confirm("Apply these changes?");
    if (!answer) return tl::unexpected(answer.error());
    if (!*answer) return 0;
  }
  return store(context, **session, *cluster->config, text);
}

}  // namespace holdfast::cli
