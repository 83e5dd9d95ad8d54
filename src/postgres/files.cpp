#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "async/asio.hpp"
#include "postgres/config_files.hpp"

namespace holdfast::postgres {
namespace {

struct File {
  int fd;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return async::fail_with_errno("writing " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return async::fail_with_errno("writing " + path, errno);
  return {};
}

Result<void> write_new(const Options& options, const std::string& path, const std::string& text,
                       mode_t mode) {
  const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
  if (file.fd < 0) return async::fail_with_errno("writing " + path, errno);
  if (::fchmod(file.fd, mode) != 0) return async::fail_with_errno("setting the mode of " + path, errno);
  if (options.os_user && ::fchown(file.fd, *options.os_user, static_cast<gid_t>(-1)) != 0) {
    return async::fail_with_errno("giving " + path + " to the PostgreSQL user", errno);
  }
  return write_all(file.fd, text, path);
}

}  // namespace

Result<void> sync_folder(const std::string& path) {
  const File folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.fd < 0 || ::fsync(folder.fd) != 0) return async::fail_with_errno("syncing " + path, errno);
  return {};
}

Result<std::string> read_text(const std::string& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return async::fail_with_errno("reading " + path, errno);
  std::string text;
  char chunk[16384];
  for (;;) {
    const auto size = ::read(file.fd, chunk, sizeof chunk);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return async::fail_with_errno("reading " + path, errno);
    if (size == 0) return text;
    text.append(chunk, static_cast<std::size_t>(size));
  }
}

Result<bool> write_atomically(const Options& options, const std::string& path, const std::string& text,
                              mode_t mode) {
  if (const auto before = read_text(path); before && *before == text) return false;
  const std::string temporary = path + ".holdfast-new";
  if (auto written = write_new(options, temporary, text, mode); !written) {
    ::unlink(temporary.c_str());
    return tl::unexpected(written.error());
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return async::fail_with_errno("replacing " + path, errno);
  auto synced = sync_folder(std::filesystem::path{path}.parent_path().string());
  if (!synced) return tl::unexpected(synced.error());
  return true;
}

}  // namespace holdfast::postgres
