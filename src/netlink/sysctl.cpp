#include "netlink/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "async/asio.hpp"
#include "async/fd.hpp"
#include "netlink/socket.hpp"

namespace holdfast::netlink {
namespace {

async::Fd open(const std::string& path, int flags) {
  return async::Fd{::open(path.c_str(), flags | O_CLOEXEC)};
}

bool is_part_of_a_path(std::string_view part) {
  return !part.empty() && part != "." && part != "..";
}

}  // namespace

Result<std::string> sysctl_path(std::string_view key) {
  std::string path = "/proc/sys";
  std::size_t begin = 0;
  while (begin <= key.size()) {
    const auto end = std::min(key.find('.', begin), key.size());
    std::string part{key.substr(begin, end - begin)};
    std::ranges::replace(part, '/', '.');
    if (!is_part_of_a_path(part))
      return fail(Errc::invalid_argument, "'" + std::string{key} + "' is no sysctl");
    path += "/" + part;
    begin = end + 1;
  }
  return path;
}

std::string sysctl_part(std::string_view link_name) {
  std::string part{link_name};
  std::ranges::replace(part, '.', '/');
  return part;
}

Result<std::string> read_sysctl(const std::string& key) {
  const auto path = sysctl_path(key);
  if (!path) return tl::unexpected(path.error());
  const auto file = open(*path, O_RDONLY);
  std::array<char, 4096> text{};
  const auto size = !file.is_open() ? -1 : ::read(file.get(), text.data(), text.size());
  if (size < 0) return async::fail_with_errno("reading sysctl " + key, errno);
  std::string value{text.data(), static_cast<std::size_t>(size)};
  if (value.ends_with('\n')) value.pop_back();
  return value;
}

Result<void> write_sysctl(const std::string& key, const std::string& value) {
  const auto path = sysctl_path(key);
  if (!path) return tl::unexpected(path.error());
  const auto file = open(*path, O_WRONLY);
  const auto written = !file.is_open() ? -1 : ::write(file.get(), value.data(), value.size());
  if (written < 0) return async::fail_with_errno("setting sysctl " + key + " to " + value, errno);
  return {};
}

}  // namespace holdfast::netlink
