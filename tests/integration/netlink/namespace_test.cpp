#include "netlink/namespace.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdlib>
#include <set>

#include "integration/netlink/private_network.hpp"

namespace holdfast::testing {
namespace {

using netlink::create_namespace;
using netlink::in_namespace;
using netlink::Namespace;
using netlink::remove_namespace;

// With mounts of its own as well: what a test that dies has made goes with it, and nobody else sees it.
class Namespaces : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped()) return;
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "none", MS_PRIVATE | MS_REC, nullptr) != 0) {
      GTEST_SKIP() << "no mount namespaces here: " << std::strerror(errno);
    }
    ASSERT_EQ(mount("tmpfs", "/run", "tmpfs", 0, nullptr), 0) << std::strerror(errno);
  }
};

ino_t identity_of(const Namespace& network) {
  struct stat found{};
  if (fstat(network.fd(), &found) != 0) throw std::runtime_error{"fstat"};
  return found.st_ino;
}

Result<std::set<std::string>> names_of_links() {
  std::set<std::string> names;
  for (const auto& link : must(must(netlink::Socket::open()).links())) names.insert(link.name);
  return names;
}

TEST_F(Namespaces, a_call_is_made_in_the_other_one_and_we_stay_in_ours) {
  const auto ours = identity_of(must(Namespace::of_this_thread()));
  const auto other = must(create_namespace("far"));
  EXPECT_NE(identity_of(other), ours);
  must(socket().add_bridge("br0"));
  EXPECT_EQ(must(in_namespace(other, names_of_links)), std::set<std::string>{"lo"});
  EXPECT_EQ(must(names_of_links()), (std::set<std::string>{"br0", "lo"}));
  const auto entered = must(in_namespace(other, Namespace::of_this_thread));
  EXPECT_EQ(identity_of(entered), identity_of(other));
  EXPECT_EQ(identity_of(must(Namespace::of_this_thread())), ours);
}

TEST_F(Namespaces, a_call_that_fails_there_fails_here) {
  const auto other = must(create_namespace("far"));
  const auto looked = in_namespace(other, [] { return must(netlink::Socket::open()).link("nosuch0"); });
  EXPECT_EQ(looked.error().code, Errc::not_found);
}

TEST_F(Namespaces, one_end_of_a_cable_moves_to_the_other_one) {
  const auto other = must(create_namespace("far"));
  must(socket().add_veth("eth0", "far0"));
  must(socket().move_to_namespace(index_of("far0"), other.fd()));
  EXPECT_EQ(socket().link("far0").error().code, Errc::not_found);
  EXPECT_EQ(must(in_namespace(other, names_of_links)), (std::set<std::string>{"far0", "lo"}));
}

TEST_F(Namespaces, a_socket_stays_where_it_was_opened) {
  const auto other = must(create_namespace("far"));
  auto there = must(in_namespace(other, netlink::Socket::open));
  must(there.add_bridge("br0"));
  EXPECT_EQ(must(names_of_links()), std::set<std::string>{"lo"});
}

TEST_F(Namespaces, ip_netns_finds_it_by_its_name) {
  must(in_namespace(must(create_namespace("far")),
                    [] { return must(netlink::Socket::open()).add_bridge("br0"); }));
  EXPECT_EQ(std::system("ip netns exec far ip link show br0 >/dev/null"), 0);
  EXPECT_EQ(std::system("ip netns delete far"), 0);
  EXPECT_EQ(Namespace::open("far").error().code, Errc::not_found);
}

TEST_F(Namespaces, a_name_is_given_once_and_can_be_taken_away) {
  const auto first = identity_of(must(create_namespace("far")));
  EXPECT_EQ(create_namespace("far").error().code, Errc::conflict);
  EXPECT_EQ(identity_of(must(Namespace::open("far"))), first);
  must(remove_namespace("far"));
  EXPECT_EQ(Namespace::open("far").error().code, Errc::not_found);
  EXPECT_EQ(remove_namespace("far").error().code, Errc::not_found);
  EXPECT_TRUE(create_namespace("far"));
}

TEST_F(Namespaces, a_name_that_leaves_the_folder_is_refused) {
  for (const auto* name : {"", ".", "..", "../etc", "a/b"}) {
    EXPECT_EQ(create_namespace(name).error().code, Errc::invalid_argument);
    EXPECT_EQ(Namespace::open(name).error().code, Errc::invalid_argument);
    EXPECT_EQ(remove_namespace(name).error().code, Errc::invalid_argument);
  }
}

}  // namespace
}  // namespace holdfast::testing
