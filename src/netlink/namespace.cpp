#include "netlink/namespace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "async/asio.hpp"

namespace holdfast::netlink {
namespace {

constexpr auto folder = "/run/netns";
constexpr auto of_calling_thread = "/proc/thread-self/ns/net";

Result<std::string> path_of(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return fail(Errc::invalid_argument, "'" + name + "' is no name of a network namespace");
  }
  return std::string{folder} + "/" + name;
}

tl::unexpected<Error> fail_with_call(const std::string& doing) {
  const int number = errno;
  if (number == EEXIST) return fail(Errc::conflict, doing + ": it is there already");
  if (number != EPERM) return async::fail_with_errno(doing, number);
  return fail(Errc::permission_denied, doing + ": needs CAP_SYS_ADMIN; or run as root");
}

// Makes the folder a mount point that shares its mounts with every other mount namespace, as ip-netns(8)
// does: a name that is removed here is then gone everywhere.
Result<void> prepare_folder() {
  if (mkdir(folder, 0755) != 0 && errno != EEXIST) return fail_with_call(std::string{"making "} + folder);
  const async::Fd guard{::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!guard.is_open() || flock(guard.get(), LOCK_EX) != 0) {  // against ip-netns(8) doing the same now
    return fail_with_call(std::string{"locking "} + folder);
  }
  const auto share = [] { return mount("", folder, "none", MS_SHARED | MS_REC, nullptr) == 0; };
  if (share()) return {};
  const bool is_no_mount_point = errno == EINVAL;
  if (is_no_mount_point && mount(folder, folder, "none", MS_BIND | MS_REC, nullptr) == 0 && share())
    return {};
  return fail_with_call(std::string{"sharing the mounts of "} + folder);
}

Result<void> bind_a_new_namespace(const std::string& path) {
  if (unshare(CLONE_NEWNET) != 0) return fail_with_call("making a network namespace");
  if (mount(of_calling_thread, path.c_str(), "none", MS_BIND, nullptr) != 0) {
    return fail_with_call("naming a network namespace " + path);
  }
  return {};
}

}  // namespace

Result<Namespace> Namespace::open(const std::string& name) {
  const auto path = path_of(name);
  if (!path) return tl::unexpected(path.error());
  async::Fd fd{::open(path->c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open()) return fail_with_call("opening network namespace " + name);
  return Namespace{std::move(fd)};
}

Result<Namespace> Namespace::of_process(pid_t pid) {
  const auto path = "/proc/" + std::to_string(pid) + "/ns/net";
  async::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (fd.is_open()) return Namespace{std::move(fd)};
  if (errno == ENOENT) return fail(Errc::not_found, "no process " + std::to_string(pid));
  return fail_with_call("opening " + path);
}

bool Namespace::operator==(const Namespace& other) const {
  struct stat ours{};
  struct stat theirs{};
  return fstat(fd_.get(), &ours) == 0 && fstat(other.fd_.get(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

Result<Namespace> Namespace::of_this_thread() {
  async::Fd fd{::open(of_calling_thread, O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open()) return fail_with_call("opening our network namespace");
  return Namespace{std::move(fd)};
}

Result<Namespace> create_namespace(const std::string& name) {
  const auto path = path_of(name);
  if (!path) return tl::unexpected(path.error());
  if (const auto prepared = prepare_folder(); !prepared) return tl::unexpected(prepared.error());
  const async::Fd created{::open(path->c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0)};
  if (!created.is_open()) return fail_with_call("creating network namespace " + name);
  const auto bound = std::async(std::launch::async, bind_a_new_namespace, *path).get();
  if (!bound) {
    unlink(path->c_str());
    return tl::unexpected(bound.error());
  }
  return Namespace::open(name);
}

Result<void> remove_namespace(const std::string& name) {
  const auto path = path_of(name);
  if (!path) return tl::unexpected(path.error());
  const bool is_unmounted = umount2(path->c_str(), MNT_DETACH) == 0;
  const bool was_no_mount = !is_unmounted && errno == EINVAL;  // half made: only its file is there
  if (!is_unmounted && !was_no_mount) return fail_with_call("removing network namespace " + name);
  if (unlink(path->c_str()) != 0) return fail_with_call("removing network namespace " + name);
  return {};
}

Result<void> enter(const Namespace& where) {
  if (setns(where.fd(), CLONE_NEWNET) != 0) return fail_with_call("entering a network namespace");
  return {};
}

}  // namespace holdfast::netlink
