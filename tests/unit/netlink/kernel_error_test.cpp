#include "netlink/kernel_error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace holdfast::netlink {
namespace {

Error failure(int error_number, const std::string& words = {}) {
  return fail_with_kernel("setting 10.0.1.10/24", error_number, words).value();
}

TEST(KernelError, a_missing_capability_is_named_with_the_way_to_grant_it) {
  const auto error = failure(EPERM);
  EXPECT_EQ(error.code, Errc::permission_denied);
  EXPECT_NE(error.context.find("needs CAP_NET_ADMIN"), std::string::npos);
  EXPECT_NE(error.context.find("AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW"), std::string::npos);
}

TEST(KernelError, tells_what_is_missing_from_what_is_there_already_and_from_what_is_down) {
  for (const int number : {ENODEV, EADDRNOTAVAIL, ESRCH}) EXPECT_EQ(failure(number).code, Errc::not_found);
  EXPECT_EQ(failure(EEXIST).code, Errc::conflict);
  EXPECT_EQ(failure(ENETDOWN).code, Errc::unavailable);
  EXPECT_EQ(failure(EINVAL).code, Errc::io_error);
}

TEST(KernelError, keeps_the_kernels_own_words) {
  EXPECT_EQ(failure(EINVAL, "Invalid prefix length").context,
            "setting 10.0.1.10/24: Invalid argument, Invalid prefix length");
}

}  // namespace
}  // namespace holdfast::netlink
