#include "postgres/parameter_check.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "postgres/children.hpp"

namespace holdfast::postgres {
namespace {

constexpr int rounds_max = 20;  // PostgreSQL stops at the first bad value, so there is a round for each

std::string text_of(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) text += name + " = " + quote_guc(value) + "\n";
  return text;
}

bool same_name(const std::string& one, const std::string& other) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), same);
}

void note_refused(std::set<std::string>& refused, const Options& options, const std::string& name) {
  for (const auto& [key, value] : options.parameters) {
    if (same_name(key, name)) refused.insert(key);
  }
}

struct RemoveFile {
  std::string path;
  ~RemoveFile() { ::unlink(path.c_str()); }
};

}  // namespace

std::set<std::string> parameters_named_in(const std::string& output) {
  constexpr std::string_view before = "parameter \"";
  std::set<std::string> names;
  for (std::size_t at = output.find(before); at != std::string::npos; at = output.find(before, at)) {
    at += before.size();
    const auto end = output.find('"', at);
    if (end == std::string::npos) break;
    names.insert(output.substr(at, end - at));
  }
  return names;
}

awaitable<Result<std::set<std::string>>> refused_parameters(Options options, Version version) {
  std::set<std::string> refused;
  Parameters left = check_parameters(options, version, {}).parameters;
  const RemoveFile file{options.config_dir + "/postgresql.holdfast-check.conf"};
  for (int round = 0; round < rounds_max; ++round) {
    auto written = write_atomically(options, file.path, text_of(left));
    if (!written) co_return tl::unexpected(written.error());
    auto child = child_of(options, {program(options, "postgres"), "-C", "data_directory", "-D",
                                    options.data_dir, "--config-file=" + file.path});
    auto output = co_await async::run_child(std::move(child), 10s);
    if (!output) co_return tl::unexpected(output.error());
    if (output->status.ok()) break;
    bool is_understood = false;
    for (const auto& name : parameters_named_in(output->text)) {
      const auto erased =
          std::erase_if(left, [&](const auto& entry) { return same_name(entry.first, name); });
      is_understood = is_understood || erased != 0;
      note_refused(refused, options, name);
    }
    if (!is_understood) break;  // the complaint is about something else; the start itself will say it
  }
  for (const auto& name : refused)
    log::warn("parameter left out, this server refuses it", {{"parameter", name}});
  co_return refused;
}

}  // namespace holdfast::postgres
