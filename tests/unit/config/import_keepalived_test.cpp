#include "config/import_keepalived.hpp"

#include "vip_fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Imported imported(const std::string& text,
                  const KeepalivedOptions& options = {.id = "lb1", .find_included = {}}) {
  auto result = import_keepalived({"k.conf", text}, options);
  EXPECT_TRUE(result) << (result ? "" : result.error().context);
  return result ? *std::move(result) : Imported{};
}

std::string refused(const std::string& text) {
  const auto result = import_keepalived({"k.conf", text}, {.id = "lb1", .find_included = {}});
  EXPECT_FALSE(result) << "it should have been refused:\n" << text;
  return result ? std::string{} : result.error().context;
}

// Of what comes out, merged in a minimal file.
Config loaded(const Imported& result) {
  return good("scope: s\netcd3: {hosts: '10.0.0.1:2379'}\n" + result.yaml);
}

// An instance with what a test adds.
std::string instance(const std::string& lines) {
  return "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 10.0.0.1/24\n "
         "}\n" +
         lines + "\n}\n";
}

const std::string whole = R"(! Configuration File for keepalived
global_defs {
   router_id LVS_DEVEL     # of mails
   vrrp_garp_interval 0.001
   vrrp_check_unicast_src
   vrrp_version 3
   script_user nobody nogroup
}

vrrp_script chk_haproxy {
    script "/usr/bin/killall -0 haproxy"   # "quotes" in a comment
    interval 2
    weight -20 reverse
    user haproxy
    init_fail
}
vrrp_track_process sshd { process sshd }
vrrp_track_file stop {
    file "/run/stop"
    weight 5 reverse
}

vrrp_sync_group G1 {
  group { VI_1
    VI_2 }
  notify_master "/usr/local/bin/vrrp.mast arg1 arg2"
  smtp_alert
}
vrrp_instance VI_1
{
    state MASTER
    interface eth0
    smtp_alert
    virtual_router_id 51
    priority 100
    advert_int 0.1
    version 2
    advert_int 1
    nopreempt
    use_vmac vrrp.51
    no_accept
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        192.168.200.16/24 dev eth1 label eth1:vip -nodad scope 253
        2001:db8::10/64
    }
    virtual_routes {
        src 192.168.200.16 192.168.109.0/24 via 192.168.200.254 dev eth1
        192.168.113.0/24 via 192.168.100.252 or 192.168.100.253
        0.0.0.0/0 gw 192.168.0.1 table 100
    }
    unicast_src_ip 10.0.0.1
    unicast_peer {
        10.0.0.2 min_ttl 254
    }
    track_script {
        chk_haproxy weight 3
    }
    track_process { sshd }
    track_file { stop weight 2 }
    track_interface {
        eth1 weight 20
        eth2
    }
    notify_backup "/usr/local/bin/vrrp.sh  BACKUP   VI_1" nobody
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 52
    virtual_ipaddress {
        2001:db8::20/64
    }
}
virtual_server 10.10.10.2 1358 {
    delay_loop 6
    real_server 192.168.200.2 1358 {
        weight 1
    }
}
)";

TEST(ImportKeepalived, takes_over_what_it_says_of_vrrp) {
  const Config config = loaded(imported(whole));
  const VrrpInstance& first = config.vip.vrrp_instance.at(0);
  EXPECT_EQ(first.name, "VI_1");
  EXPECT_EQ(first.state, VrrpState::master);
  EXPECT_EQ(first.interface, "eth0");
  EXPECT_EQ(first.virtual_router_id, 51);
  EXPECT_EQ(first.advert_int, 1s);
  EXPECT_EQ(first.version, 2);
  EXPECT_TRUE(first.nopreempt);
  EXPECT_TRUE(first.use_vmac);
  EXPECT_EQ(first.vmac_name, "vrrp.51");
  EXPECT_FALSE(first.accept);
  EXPECT_EQ(first.authentication.auth_pass.reveal(), "1111");
  EXPECT_THAT(first.virtual_ipaddress, ElementsAre(VirtualAddress{.prefix = {ip("192.168.200.16"), 24},
                                                                  .dev = "eth1",
                                                                  .label = "eth1:vip",
                                                                  .scope = AddressScope::link}));
  EXPECT_THAT(first.virtual_ipaddress_excluded,
              ElementsAre(VirtualAddress{.prefix = {ip("2001:db8::10"), 64}}));
  EXPECT_EQ(first.virtual_routes.size(), 2U);
  EXPECT_EQ(first.virtual_routes.at(0).src, ip("192.168.200.16"));
  EXPECT_EQ(first.virtual_routes.at(1).table, 100);
  EXPECT_THAT(first.unicast_peer, ElementsAre(ip("10.0.0.2")));
  EXPECT_THAT(first.track_script, ElementsAre(TrackEntry{"chk_haproxy", 3, false}));
  EXPECT_THAT(first.track_interface,
              ElementsAre(TrackEntry{"eth1", 20, false}, TrackEntry{"eth2", {}, false}));
  EXPECT_EQ(first.notify.notify_backup, "/usr/local/bin/vrrp.sh  BACKUP   VI_1");
  EXPECT_EQ(config.vip.vrrp_script.at(0).script, "/usr/bin/killall -0 haproxy");
  EXPECT_EQ(config.vip.vrrp_script.at(0).weight, -20);
  EXPECT_TRUE(config.vip.vrrp_script.at(0).reverse);
  EXPECT_TRUE(config.vip.vrrp_script.at(0).init_fail);
  EXPECT_EQ(config.vip.track_file.at(0).weight, -5);
  EXPECT_THAT(config.vip.vrrp_sync_group.at(0).group, ElementsAre("VI_1", "VI_2"));
  EXPECT_EQ(config.vip.vrrp_sync_group.at(0).notify.notify_master, "/usr/local/bin/vrrp.mast arg1 arg2");
  EXPECT_EQ(config.vip.global_defs.script_user, "nobody");
  EXPECT_EQ(config.vip.vrrp_instance.at(1).version, 3);
}

TEST(ImportKeepalived, says_what_it_leaves_out_with_its_line) {
  const Imported result = imported(whole);
  for (const char* text :
       {"k.conf:3: warning: router_id: not taken over: a name for mails",
        "k.conf:7: warning: script_user: 'nogroup' is not taken over",
        "k.conf:27: warning: smtp_alert: not taken over: mail at transitions",
        "k.conf:47: warning: -nodad: not taken over",
        "k.conf:52: warning: 192.168.113.0/24: not taken over: only plain routes are set",
        "k.conf:48: warning: virtual_ipaddress: addresses of the other family are moved",
        "k.conf:57: warning: min_ttl: not taken over: adverts come with 255 hops",
        "virtual_server 10.10.10.2: not taken over: IPVS is not used: the proxy leads clients"}) {
    EXPECT_THAT(result.yaml,
                HasSubstr(std::string{"# "} + (std::string_view{text}.starts_with("k.") ? text : "")));
    EXPECT_THAT(print_problems(result.warnings), HasSubstr(text));
  }
}

TEST(ImportKeepalived, writes_down_the_version_that_keepalived_would_take) {
  EXPECT_EQ(loaded(imported(instance(""))).vip.vrrp_instance.at(0).version, 2);
  EXPECT_EQ(
      loaded(imported("global_defs {\n vrrp_version 3\n}\n" + instance(""))).vip.vrrp_instance.at(0).version,
      3);
  EXPECT_EQ(
      loaded(imported(
                 "vrrp_instance a {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress {\nfe80::1\n}\n}\n"))
          .vip.vrrp_instance.at(0)
          .version,
      3);
}

TEST(KeepalivedText, knows_quotes_comments_and_escapes) {
  const Config config = loaded(
      imported("vrrp_script a {\n script \"/bin/x 'a # b' \\\"c\\\" ! d\"ef # \"\n}\n" + instance("")));
  EXPECT_EQ(config.vip.vrrp_script.at(0).script, "/bin/x 'a # b' \"c\" ! def");
}

TEST(KeepalivedText, takes_the_lines_of_its_configuration_id) {
  const std::string text = instance(
      "@lb1 priority 200\n@lb2 priority 100\n@^lb2 garp_master_delay 7\n"
      "@lb2 track_script {\n@lb2 x\n}\n");
  const Imported result = imported(text);
  EXPECT_EQ(loaded(result).vip.vrrp_instance.at(0).priority, 200);
  EXPECT_EQ(loaded(result).vip.vrrp_instance.at(0).garp_master_delay, 7s);
  EXPECT_THAT(loaded(result).vip.vrrp_instance.at(0).track_script, IsEmpty());
  EXPECT_THAT(result.yaml,
              HasSubstr("# k.conf:8: warning: @lb2: is not for configuration id 'lb1', and left out"));
  EXPECT_EQ(loaded(imported(text, {.id = "lb3", .find_included = {}})).vip.vrrp_instance.at(0).priority, 100);
}

TEST(KeepalivedText, puts_parameters_in_place) {
  const Imported result = imported(R"($BASE=10.2.${SUB}
$SUB=7
@lb1 $PRIORITY=240
$INSTANCE= \
vrrp_instance VI_${NUM} { \
  interface eth0.${NUM} \
  virtual_router_id 1 \
  @lb1 priority $PRIORITY \
  @lb2 priority 1 \
  notify "/bin/x $HOME ${UNKNOWN} ${_HASH} ${_INSTANCE}" \
  virtual_ipaddress { \
    ${BASE}.1/24 \
  } \
}
$NUM=4
$INSTANCE
$NUM=5
$SUB=8
$INSTANCE
)");
  const Config config = loaded(result);
  ASSERT_EQ(config.vip.vrrp_instance.size(), 2U);
  EXPECT_EQ(config.vip.vrrp_instance[0].interface, "eth0.4");
  EXPECT_EQ(config.vip.vrrp_instance[0].priority, 240);
  EXPECT_EQ(config.vip.vrrp_instance[0].notify.notify, "/bin/x $HOME ${UNKNOWN} # lb1");
  EXPECT_EQ(config.vip.vrrp_instance[0].virtual_ipaddress.at(0).prefix.address, ip("10.2.7.1"));
  EXPECT_EQ(config.vip.vrrp_instance[1].virtual_ipaddress.at(0).prefix.address, ip("10.2.8.1"));
}

TEST(KeepalivedText, reads_what_is_included_from_where_it_stands) {
  std::string asked;
  const KeepalivedOptions options{
      .id = "lb1", .find_included = [&](const std::string& pattern, const std::string& from) {
        asked += from + " " + pattern + "\n";
        std::vector<KeepalivedFile> files;
        if (pattern == "conf.d/*.conf")
          files = {{"/etc/conf.d/a.conf", instance("include b.conf\npriority bad\n")},
                   {"/etc/conf.d/b.conf", ""}};
        return Result<std::vector<KeepalivedFile>>{std::move(files)};
      }};
  const auto result = import_keepalived({"/etc/k.conf", "include conf.d/*.conf\n"}, options);
  EXPECT_EQ(asked, "/etc conf.d/*.conf\n/etc/conf.d b.conf\n");
  ASSERT_FALSE(result);
  EXPECT_THAT(
      result.error().context,
      AllOf(HasSubstr("/etc/conf.d/a.conf:7: warning: include: 'b.conf' is no file"),
            HasSubstr("/etc/conf.d/a.conf:8: error: vip.vrrp_instance.VI_1.priority: expects an integer")));
}

TEST(ImportKeepalived, refuses_with_file_and_line) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "k.conf: error: has no vrrp_instance"},
      {"vrrp_instance a {\n", "k.conf:1: error: {: is not closed"},
      {"}\n", "k.conf:1: error: }: closes a block that nobody opened"},
      {"{\n}\n", "k.conf:1: error: {: opens a block that has no keyword"},
      {"a \"b\n", "k.conf:1: error: has a quote (\") that is not closed"},
      {"a \"\\n\"\n", "k.conf:1: error: holds '\\n', which is not understood"},
      {"a \x01\n", "k.conf:1: error: holds a byte that is no text"},
      {"~SEQ(A, 1, 2) x\n", "k.conf:1: error: ~SEQ: is not understood: write its lines out"},
      {"@ priority 1\n", "k.conf:1: error: @: expects the name of a configuration id"},
      {"include x\n", "k.conf:1: error: include: 'x' can't be looked for here"},
      {"$A=${A}${A}\n${A}\n", "k.conf:2: error: is too much"},
      {"vrrp_instance\n", "k.conf:1: error: vrrp_instance: needs a name and a block"},
      {instance("") + instance(""), "k.conf:9: error: vrrp_instance VI_1: is given twice"},
      {instance("priority"), "k.conf:7: error: priority: needs a value"},
      {instance("authentication {\nauth_type AH\n}"),
       "k.conf:8: error: vip.vrrp_instance.VI_1.authentication"},
      {instance("track_script {\nx\n}"), "there is no 'x' (known: none)"},
      {instance("advert_int 0.1"), "k.conf:7: error: vip.vrrp_instance.VI_1.advert_int: '100ms': version 2"},
      {instance("virtual_ipaddress {\n10.0.0.999\n}"),
       "k.conf:8: error: vip.vrrp_instance.VI_1.virtual_ipaddress[1]"}};
  for (const auto& [text, expected] : cases) EXPECT_THAT(refused(text), HasSubstr(expected)) << text;
}

TEST(ImportKeepalived, takes_an_address_once) {
  const Imported result = imported(instance("virtual_ipaddress {\n10.0.0.1/24\n10.0.0.2/24\n}"));
  EXPECT_EQ(loaded(result).vip.vrrp_instance.at(0).virtual_ipaddress.size(), 2U);
  EXPECT_THAT(result.yaml,
              HasSubstr("# k.conf:8: warning: 10.0.0.1/24: is given twice, and taken over once"));
}

TEST(ImportKeepalived, gives_names_that_may_stand_in_keys) {
  const Config config = loaded(
      imported("vrrp_script 'a b' {\nscript /x\n}\nvrrp_sync_group g {\ngroup {\n\"my vip\"\nVI_1\n}\n}\n"
               "vrrp_instance \"my vip\" {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress { 10.1.0.1 "
               "}\ntrack_script { 'a b' }\n}\n" +
               instance("")));
  EXPECT_EQ(config.vip.vrrp_instance.at(0).name, "my_vip");
  EXPECT_EQ(config.vip.vrrp_sync_group.at(0).group.at(0), "my_vip");
  EXPECT_EQ(config.vip.vrrp_instance.at(0).track_script.at(0).name, "a_b");
}

}  // namespace
}  // namespace holdfast::config
