#include "cli/locate_config.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

std::string patronictl_file() {
  const char* config_home = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config_home == nullptr && home == nullptr) return {};
  const fs::path base = config_home != nullptr ? fs::path{config_home} : fs::path{home} / ".config";
  return (base / "patroni" / "patronictl.yaml").string();
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Empty: there is no file.
std::string find_file(const Common& common, const config::StringMap& environment) {
  if (!common.config_file.empty()) return common.config_file;
  if (const auto* named = environment.find("HOLDFAST_CONFIG")) return *named;
  for (const std::string& path : {std::string{"/etc/holdfast.yml"}, patronictl_file()}) {
    if (is_there(path)) return path;
  }
  return {};
}

// -d and the cluster's name reach the configuration as Patroni's variables, which win over its file.
Result<void> override_by_arguments(const Common& common, const std::string& cluster,
                                   config::StringMap& environment) {
  if (!cluster.empty()) environment.set("PATRONI_SCOPE", cluster);
  if (common.dcs_url.empty()) return {};
  const auto url = parse_dcs_url(common.dcs_url);
  if (!url) return tl::unexpected(url.error());
  environment.set("PATRONI_ETCD3_HOSTS", config::print_host_port(url->host));
  if (!url->namespace_.empty()) environment.set("PATRONI_NAMESPACE", url->namespace_);
  return {};
}

}  // namespace

Result<config::Config> locate_config(const Common& common, const std::string& cluster) {
  auto request = config::request_for("");
  request.any_node = true;
  request.path = find_file(common, request.environment);
  if (auto overridden = override_by_arguments(common, cluster, request.environment); !overridden)
    return tl::unexpected(overridden.error());
  const bool has_file = !request.path.empty() || request.environment.contains("PATRONI_CONFIGURATION");
  if (!common.config_file.empty() && !is_there(common.config_file)) {
    return fail(Errc::not_found,
                fmt::format("Provided config file {} not existing or no read rights. Check the "
                            "-c/--config-file parameter",
                            common.config_file));
  }
  if (!has_file && common.dcs_url.empty()) {
    return fail(Errc::not_found,
                "no configuration: give -c FILE, or the consensus store by -d etcd3://HOST:PORT");
  }
  // Without a file the command line alone says where the DCS is.
  auto loaded = has_file ? config::load(request) : config::load_text("{}", "command line", request);
  if (!loaded) return tl::unexpected(loaded.error());
  return std::move(loaded->config);
}

Result<DcsUrl> parse_dcs_url(const std::string& text) {
  const auto scheme_end = text.find("//");
  std::string rest = scheme_end == std::string::npos ? text : text.substr(scheme_end + 2);
  const std::string scheme = scheme_end == std::string::npos ? "" : text.substr(0, scheme_end);
  if (!scheme.empty() && scheme != "etcd3:" && scheme != "etcd:") {
    return fail(Errc::invalid_argument,
                fmt::format("Unknown dcs scheme: {}", scheme.substr(0, scheme.size() - 1)));
  }
  DcsUrl url;
  if (const auto slash = rest.find('/'); slash != std::string::npos) {
    url.namespace_ = rest.substr(slash + 1);
    rest.resize(slash);
  }
  if (rest.empty()) rest = "localhost";
  auto host = config::parse_host_port(rest);
  if (!host || host->port == 0) host = config::parse_host_port(rest + ":2379");
  if (!host)
    return fail(Errc::invalid_argument, fmt::format("'{}' is no address of a consensus store", text));
  url.host = *host;
  return url;
}

}  // namespace holdfast::cli
