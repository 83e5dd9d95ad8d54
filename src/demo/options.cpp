#include "demo/options.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace holdfast::demo {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

bool is_network(const std::string& text) {
  int dots = 0;
  for (const char c : text) {
    if (c == '.')
      ++dots;
    else if (c < '0' || c > '9')
      return false;
  }
  // A bridge on somebody's real network would take its traffic: loopback, and the range for tests (RFC 2544).
  const bool is_nobodys =
      text.starts_with("127.") || text.starts_with("198.18.") || text.starts_with("198.19.");
  return is_nobodys && dots == 2 && text.back() != '.';
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--check")
      options.check = true;
    else if (word == "--fresh")
      options.fresh = true;
    else if (word == "--keep")
      options.keep = true;
    else if (word == "-h" || word == "--help")
      options.help = true;
    else if (word == "--data" || word == "--network" || word == "--html" || word == "--json") {
      if (i + 1 == arguments.size()) return fail(Errc::invalid_argument, word + " needs a value");
      const std::string& value = arguments[++i];
      if (word == "--data") options.data = std::filesystem::absolute(value).lexically_normal().string();
      if (word == "--network") options.network = value;
      if (word == "--html") options.html = value;
      if (word == "--json") options.json = value;
    } else {
      return fail(Errc::invalid_argument, "unknown option " + word + "; see --help");
    }
  }
  while (options.data.size() > 1 && options.data.back() == '/') options.data.pop_back();
  if (!options.network.empty() && !is_network(options.network)) {
    return fail(
        Errc::invalid_argument,
        "--network takes the first three numbers of addresses that nobody uses: 198.18.N or 198.19.N, "
        "127.N.N for loopback ones");
  }
  return options;
}

std::string print_help() {
  return "usage: holdfast demo [--check] [--data DIR] [--network NET] [--fresh]\n\n"
         "Brings up a whole cluster on this machine: pg1, pg2, pg3 (agent, PostgreSQL, etcd member) and the "
         "proxies lb1, lb2,\n"
         "under load; shows it live and lets you break it. As root each node is in a network namespace, and "
         "one address "
         "floats between\nlb1 and lb2; as an ordinary user they are on loopback addresses.\n\n"
         "  --check        no terminal: break it, measure, verify, remove everything; exit 0 only if nothing "
         "was lost\n"
         "  --data DIR     where its data lies (default " +
         default_data() +
         "; --check: a temporary directory)\n"
         "  --network NET  the first three numbers of the addresses (default 198.18.77 as root, else "
         "127.0.77; --check: "
         "the first that is free)\n"
         "  --fresh        remove the data of an earlier run first\n"
         "  --keep         with --check: leave data and logs there\n"
         "  --html FILE, --json FILE   with --check: write the report there too\n";
}

std::string default_data() {
  if (geteuid() == 0) return "/var/lib/holdfast-demo";
  std::string state = environment("XDG_STATE_HOME");
  if (state.empty()) state = environment("HOME") + "/.local/state";
  return state + "/holdfast-demo";
}

}  // namespace holdfast::demo
