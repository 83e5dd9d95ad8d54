#include "postgres/bootstrap.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "async/with_timeout.hpp"
#include "postgres/children.hpp"
#include "postgres/data_directory.hpp"
#include "postgres/parameter_check.hpp"
#include "postgres/readiness.hpp"

namespace holdfast::postgres {
namespace {

namespace fs = std::filesystem;

// A folder that nobody else can enter: the first server listens there alone and trusts who reaches it.
class PrivateFolder {
 public:
  explicit PrivateFolder(const Options& options) {
    char name[] = "/tmp/holdfast-XXXXXX";  // short: a socket's path has 107 characters
    if (::mkdtemp(name) == nullptr) return;
    path_ = name;
    if (options.os_user && ::chown(name, *options.os_user, static_cast<gid_t>(-1)) != 0) path_.clear();
  }
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A cancelled bootstrap must not leave its private server running.
struct KillGuard {
  std::optional<Postmaster> postmaster;
  ~KillGuard() {
    if (postmaster && postmaster->is_alive()) {
      const auto ignored = postmaster->signal(SIGQUIT);
      (void)ignored;
    }
  }
};

bool has_option(const Options& options, std::initializer_list<std::string_view> names) {
  return std::any_of(options.initdb.begin(), options.initdb.end(), [&](const InitdbOption& option) {
    return std::find(names.begin(), names.end(), option.name) != names.end();
  });
}

bool is_off(const InitdbOption& option) {
  return option.value == "off" || option.value == "false";
}

std::vector<std::string> initdb_command(const Options& options, const std::string& password_file) {
  std::vector<std::string> argv{program(options, "initdb"), "-D", options.data_dir,
                                "--username=" + options.superuser.username};
  if (!password_file.empty()) argv.push_back("--pwfile=" + password_file);
  if (!has_option(options, {"encoding", "E"})) argv.emplace_back("--encoding=UTF8");
  if (!has_option(options, {"data-checksums", "no-data-checksums", "k"}))
    argv.emplace_back("--data-checksums");
  if (!has_option(options, {"auth", "auth-host", "A"})) argv.emplace_back("--auth-host=scram-sha-256");
  if (!has_option(options, {"auth", "auth-local", "A"})) {
    argv.emplace_back(password_file.empty() ? "--auth-local=peer" : "--auth-local=scram-sha-256");
  }
  for (const auto& option : options.initdb) {
    // Checksums are initdb's default from 18 on only, and only 18 knows the word that switches them off.
    if (option.name == "no-data-checksums" || (option.name == "data-checksums" && is_off(option))) continue;
    const bool is_flag = option.value.empty() || option.value == "on" || option.value == "true";
    argv.push_back("--" + option.name + (is_flag ? "" : "=" + option.value));
  }
  return argv;
}

bool wants_no_checksums(const Options& options) {
  return std::any_of(options.initdb.begin(), options.initdb.end(), [](const InitdbOption& option) {
    return option.name == "no-data-checksums" || (option.name == "data-checksums" && is_off(option));
  });
}

awaitable<Result<void>> run_initdb(Options options, Version version, BootstrapOptions how,
                                   std::string folder) {
  std::string password_file;
  if (!options.superuser.password.empty()) {
    password_file = folder + "/password";
    auto written = write_atomically(options, password_file, options.superuser.password.reveal() + "\n");
    if (!written) co_return tl::unexpected(written.error());
  }
  auto argv = initdb_command(options, password_file);
  if (version.major() >= 18 && wants_no_checksums(options)) argv.emplace_back("--no-data-checksums");
  auto child = child_of(options, std::move(argv));
  child.env.erase("LC_ALL");  // the locale of the databases is the user's, not ours
  child.on_line = how.on_line;
  auto output = co_await async::run_child(std::move(child), how.limit);
  if (!output) co_return tl::unexpected(output.error());
  if (!output->status.ok()) co_return fail(Errc::process_failed, "initdb: " + last_lines(output->text));
  co_return Result<void>{};
}

awaitable<Result<Postmaster>> start_privately(Options options, Version version, std::string folder) {
  const std::set<std::string> all_known;
  const Desired desired{.role = Role::primary};
  auto refused = co_await refused_parameters(options, version);
  if (!refused) co_return tl::unexpected(refused.error());
  for (const auto& name : *refused) options.parameters.erase(name);
  auto files = write_config_files(options, version, all_known, desired);
  if (!files) co_return tl::unexpected(files.error());
  auto hba = write_atomically(options, folder + "/pg_hba.conf", "local all all trust\n");
  if (!hba) co_return tl::unexpected(hba.error());
  auto controlled = controlled_parameters(options, version, Role::primary, {});
  Parameters& set = controlled.parameters;
  set["listen_addresses"] = "";
  set["unix_socket_directories"] = folder;
  set["hba_file"] = folder + "/pg_hba.conf";
  set["archive_mode"] = "off";
  set["logging_collector"] = "off";  // so that its last words are where we look for them
  co_return co_await launch(options, std::move(set), 30s);
}

std::string role_statement(const BootstrapUser& user, const std::string& verifier) {
  std::string sql = "CREATE ROLE " + quote_identifier(user.name);
  for (const auto& option : user.options) sql += " " + option;
  if (!verifier.empty()) sql += " PASSWORD " + quote_literal(verifier);
  return sql;
}

std::vector<BootstrapUser> users_of(const Options& options, const BootstrapOptions& how) {
  std::vector<BootstrapUser> users;
  const auto add = [&](const BootstrapUser& user) {
    const bool is_there =
        user.name.empty() || user.name == options.superuser.username ||
        std::any_of(users.begin(), users.end(), [&](const auto& u) { return u.name == user.name; });
    if (!is_there) users.push_back(user);
  };
  add({options.replication.username, options.replication.password, {"LOGIN", "REPLICATION"}});
  add({options.rewind.username, options.rewind.password, {"LOGIN"}});
  for (auto user : how.users) {
    user.options.insert(user.options.begin(), "LOGIN");
    add(user);
  }
  return users;
}

// What pg_rewind needs where it is not superuser (PostgreSQL docs, pg_rewind, Notes; EC-69).
std::string rewind_grants(const std::string& user) {
  std::string sql;
  for (const auto* function :
       {"pg_ls_dir(text, boolean, boolean)", "pg_stat_file(text, boolean)", "pg_read_binary_file(text)",
        "pg_read_binary_file(text, bigint, bigint, boolean)"}) {
    sql += std::string{"GRANT EXECUTE ON FUNCTION pg_catalog."} + function + " TO " + quote_identifier(user) +
           ";";
  }
  return sql;
}

awaitable<Result<void>> make_users(Options options, BootstrapOptions how, Connection* connection) {
  for (const auto& user : users_of(options, how)) {
    std::string verifier;
    if (!user.password.empty()) {
      auto made = connection->password_verifier(user.name, user.password);
      if (!made) co_return tl::unexpected(made.error());
      verifier = *made;
    }
    auto created = co_await connection->execute(role_statement(user, verifier), options.query_timeout);
    if (!created) co_return fail("creating role " + user.name, created.error());
  }
  if (options.rewind.username.empty() || options.rewind.username == options.superuser.username)
    co_return Result<void>{};
  auto granted = co_await connection->execute(rewind_grants(options.rewind.username), options.query_timeout);
  if (!granted) co_return fail("granting pg_rewind's functions", granted.error());
  co_return Result<void>{};
}

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '_' || c == '.')
      encoded += static_cast<char>(c);
    else
      encoded += fmt::format("%{:02X}", c);
  }
  return encoded;
}

awaitable<Result<void>> run_post_bootstrap(Options options, BootstrapOptions how, std::string folder) {
  if (how.post_bootstrap.empty()) co_return Result<void>{};
  const std::string url =
      fmt::format("postgres://{}@{}:{}/postgres", percent_encoded(options.superuser.username),
                  percent_encoded(folder), options.port);
  auto child = child_of(options, {"/bin/sh", "-c", how.post_bootstrap + " \"$1\"", "sh", url});
  child.env.erase("LC_ALL");
  child.on_line = how.on_line;
  auto output = co_await async::run_child(std::move(child), how.limit);
  if (!output) co_return fail("post_bootstrap", output.error());
  if (!output->status.ok())
    co_return fail(Errc::process_failed, "post_bootstrap: " + last_lines(output->text));
  co_return Result<void>{};
}

awaitable<Result<Bootstrapped>> fill(Options options, Version version, BootstrapOptions how,
                                     std::string folder) {
  auto initialised = co_await run_initdb(options, version, how, folder);
  if (!initialised) co_return tl::unexpected(initialised.error());
  KillGuard guard;
  auto postmaster = co_await start_privately(options, version, folder);
  if (!postmaster) co_return tl::unexpected(postmaster.error());
  guard.postmaster = *postmaster;
  ConnectionOptions to = local_connection(options);
  to.host = folder;
  to.database = "postgres";
  auto connection = co_await wait_until_ready(options, to, *postmaster, how.limit, how.on_line);
  if (!connection) co_return tl::unexpected(connection.error());
  auto made = co_await make_users(options, how, &*connection);
  if (!made) co_return tl::unexpected(made.error());
  auto asked = co_await connection->execute("SELECT system_identifier::text AS id FROM pg_control_system()",
                                            options.query_timeout);
  if (!asked) co_return tl::unexpected(asked.error());
  auto ran = co_await run_post_bootstrap(options, how, folder);
  if (!ran) co_return tl::unexpected(ran.error());
  auto stopped = co_await stop_postmaster(options, *postmaster, StopMode::fast, options.stop_timeout);
  if (!stopped) co_return tl::unexpected(stopped.error());
  if (!stopped->was_clean)
    co_return fail(Errc::process_failed, "PostgreSQL did not stop cleanly after its first start");
  co_return Bootstrapped{asked->text(0, "id")};
}

}  // namespace

awaitable<Result<Bootstrapped>> bootstrap(Options options, BootstrapOptions how) {
  auto version = co_await program_version(options);
  if (!version) co_return tl::unexpected(version.error());
  const auto found = inspect_directory(options, version->major());
  if (found.state != DirectoryState::empty) {
    co_return fail(Errc::refused, "no initdb over what is there: " +
                                      (found.advice.empty() ? options.data_dir : found.advice));
  }
  const PrivateFolder folder{options};
  if (folder.path().empty()) co_return fail(Errc::io_error, "no private folder can be made in /tmp");
  if (auto begun = begin_work(options, "bootstrap"); !begun) co_return tl::unexpected(begun.error());
  auto filled = co_await fill(options, *version, std::move(how), folder.path());
  if (!filled) {
    auto killed = co_await kill_all_processes(options, 10s);
    const auto moved = co_await set_aside(options, "failed-bootstrap");
    std::string kept = moved && !moved->empty() ? "; what there is of it was kept as " + *moved : "";
    if (!killed || !moved) kept = "; it could not be moved away";
    co_return fail(filled.error().code,
                   "bootstrap of " + options.scope + ": " + filled.error().context + kept);
  }
  if (auto ended = end_work(options); !ended) co_return tl::unexpected(ended.error());
  co_return filled;
}

}  // namespace holdfast::postgres
