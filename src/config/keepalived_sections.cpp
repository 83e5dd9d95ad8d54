#include "config/keepalived_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/ip_address.hpp"
#include "config/read_config.hpp"

namespace holdfast::config {
namespace {

using Statement = KeepalivedStatement;
using Words = std::vector<std::string>;

constexpr std::string_view version_of_keepalived = "2";  // keepalived's; ours is 3

class Translator {
 public:
  explicit Translator(Problems& problems) : problems_{problems} {}

  Node translate(const std::vector<Statement>& statements);

 private:
  void take_top(const Statement& statement, Node& vip);
  void take_named(const Statement& statement, const FieldInfo& field, Node& vip);
  void take_section(const std::vector<Statement>& block, const SectionInfo& info, Node& out);
  void take(const Statement& statement, const SectionInfo& info, Node& out);
  bool take_special(const Statement& statement, const SectionInfo& info, Node& out);
  void take_list(const Statement& statement, const FieldInfo& field, Node& out);
  void take_weight(const Statement& statement, const SectionInfo& info, Node& out);
  void finish_instance(Node& instance);
  void move_other_family(Node& instance, Node& addresses, bool of_ipv6);

  std::string one_line(const Statement& line, std::string_view key);
  std::string without_address_flags(const Statement& line);
  std::string clean_name(const std::string& name, const Origin& origin);
  void leave_out(const Statement& statement, std::string_view why);

  Problems& problems_;
  std::string vrrp_version_{version_of_keepalived};
};

std::string first_words(const Statement& statement) {
  const std::string& first = statement.words.front();
  return statement.words.size() > 1 && statement.has_block ? first + " " + statement.words[1] : first;
}

void Translator::leave_out(const Statement& statement, std::string_view why) {
  constexpr std::string_view own = "keepalived: ";
  if (why.starts_with(own)) why.remove_prefix(own.size());
  while (why.ends_with('.')) why.remove_suffix(1);
  const char* subject = why.starts_with("is ") ? "it " : why.starts_with("are ") ? "they " : "";
  problems_.warn(statement.origin, first_words(statement), fmt::format("not taken over: {}{}", subject, why));
}

// Names go into keys, metrics and messages.
std::string Translator::clean_name(const std::string& name, const Origin& origin) {
  constexpr std::size_t bytes_max = 64;
  std::string clean = name.substr(0, bytes_max);
  for (char& c : clean) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.') c = '_';
  }
  if (clean.empty()) clean = "_";
  if (clean != name) problems_.warn(origin, name, fmt::format("is called '{}' from now on", clean));
  return clean;
}

std::string rest_of(const Statement& statement) {
  return join({statement.words.begin() + 1, statement.words.end()}, " ");
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.+-") == std::string_view::npos;
}

Node value_of(const std::string& text, const FieldInfo& field, const Origin& origin) {
  const bool is_plain = (field.type == "integer" || field.type == "time") && is_number(text);
  return is_plain ? Node::scalar(text, origin) : Node::string(text, origin);
}

// "home", "-nodad" and such say how the kernel shows an address; who has it stays the same.
std::string Translator::without_address_flags(const Statement& line) {
  constexpr std::array flags{"home",     "-nodad",   "mngtmpaddr", "noprefixroute",
                             "autojoin", "no_track", "use_vmac"};
  constexpr std::array valued{"preferred_lft", "peer"};
  constexpr std::array scopes{std::pair{"0", "global"}, std::pair{"200", "site"}, std::pair{"253", "link"},
                              std::pair{"254", "host"}};
  Words kept;
  for (std::size_t i = 0; i < line.words.size(); ++i) {
    const std::string& word = line.words[i];
    const bool is_valued = std::ranges::find(valued, word) != valued.end();
    if (is_valued || std::ranges::find(flags, word) != flags.end()) {
      problems_.warn(line.origin, word, "not taken over: it is not set on the address");
      if (is_valued) ++i;
      continue;
    }
    const auto scope = std::ranges::find(scopes, word, [](const auto& each) { return each.first; });
    const bool is_scope = scope != scopes.end() && !kept.empty() && kept.back() == "scope";
    kept.push_back(is_scope ? scope->second : word);
  }
  return join(kept, " ");
}

// Empty: it was left out.
std::string Translator::one_line(const Statement& line, std::string_view key) {
  if (key.starts_with("virtual_ipaddress")) return without_address_flags(line);
  if (key == "unicast_peer") {
    if (line.words.size() > 1)
      problems_.warn(line.origin, line.words[1], "not taken over: adverts come with 255 hops");
    return line.words.front();
  }
  if (key == "virtual_routes") {
    constexpr std::array known{"to", "via", "gw", "dev", "oif", "src", "metric", "table", "scope", "onlink"};
    std::size_t bare = 0;
    for (std::size_t i = 0; i < line.words.size(); ++i) {
      const bool is_known = std::ranges::find(known, line.words[i]) != known.end();
      if (!is_known) ++bare;
      if (is_known && line.words[i] != "onlink") ++i;
    }
    if (bare > 1) {
      leave_out(line, "only plain routes are set (to, via, dev, src, metric, table, scope, onlink)");
      return {};
    }
  }
  if (key.starts_with("track_")) {
    Statement renamed = line;
    if (key != "track_interface") renamed.words[0] = clean_name(line.words[0], line.origin);
    return join(renamed.words, " ");
  }
  return join(line.words, " ");
}

void Translator::take_list(const Statement& statement, const FieldInfo& field, Node& out) {
  Node& list = out.find(field.key) == nullptr ? out.set(field.key, Node::list(statement.origin))
                                              : *out.find(field.key);
  const bool is_of_names = field.key == "group";
  std::vector<Statement> lines = statement.block;
  if (!statement.has_block && statement.words.size() > 1)
    lines.push_back({{statement.words.begin() + 1, statement.words.end()}, {}, false, statement.origin});
  for (const Statement& line : lines) {
    if (is_of_names) {
      for (const std::string& name : line.words)
        list.items.push_back(Node::string(clean_name(name, line.origin), line.origin));
    } else if (std::string text = one_line(line, field.key);
               std::ranges::find(list.items, text, &Node::text) != list.items.end()) {
      problems_.warn(line.origin, text, "is given twice, and taken over once");
    } else if (!text.empty()) {
      list.items.push_back(Node::string(std::move(text), line.origin));
    }
  }
}

// "weight -20 reverse": a script has a key for each; the weight of a file is a factor, and may change its
// sign.
void Translator::take_weight(const Statement& statement, const SectionInfo& info, Node& out) {
  if (statement.words.size() < 2) return;
  const bool is_reverse = statement.words.size() > 2 && statement.words[2] == "reverse";
  std::string weight = statement.words[1];
  if (is_reverse && info.find("reverse") != nullptr) {
    out.set("reverse", Node::scalar("true", statement.origin));
  } else if (is_reverse && info.find("file") != nullptr) {
    weight = weight.starts_with('-') ? weight.substr(1) : "-" + weight;
  } else if (is_reverse) {
    leave_out(statement, "'reverse' of a process");
  }
  out.set("weight", value_of(weight, *info.find("weight"), statement.origin));
}

bool is_script_key(std::string_view key) {
  return key.starts_with("notify") && !key.starts_with("notify_fifo") && key != "notify_priority_changes";
}

// Where keepalived's form differs from ours.
bool Translator::take_special(const Statement& statement, const SectionInfo& info, Node& out) {
  const std::string& key = statement.words[0];
  const bool has_value = statement.words.size() > 1;
  const Node yes = Node::scalar("true", statement.origin);
  if (key == "use_vmac") {
    out.set(key, yes);
    if (has_value) out.set("vmac_name", Node::string(statement.words[1], statement.origin));
    if (statement.words.size() > 2)
      leave_out(statement, "the hardware address is that of the virtual router");
  } else if (key == "accept" || key == "no_accept") {
    out.set("accept", Node::scalar(key == "accept" ? "true" : "false", statement.origin));
  } else if (key == "weight") {
    take_weight(statement, info, out);
  } else if (key == "vrrp_version") {
    if (has_value) vrrp_version_ = statement.words[1];
  } else if (has_value && (key == "user" || key == "script_user" || key == "notify_fifo" ||
                           key == "vrrp_notify_fifo" || is_script_key(key))) {
    // "notify_master SCRIPT USER GROUP", "script_user USER GROUP"
    const std::string name = key == "vrrp_notify_fifo" ? "notify_fifo" : key;
    out.set(name, Node::string(statement.words[1], statement.origin));
    if (statement.words.size() > 2)
      problems_.warn(
          statement.origin, key,
          fmt::format("'{}' is not taken over: scripts run as global_defs.script_user, with its group",
                      join({statement.words.begin() + 2, statement.words.end()}, " ")));
  } else {
    return false;
  }
  return true;
}

void Translator::take(const Statement& statement, const SectionInfo& info, Node& out) {
  const FieldInfo& field = *info.find(statement.words[0]);
  const bool has_no_place = field.kind == FieldInfo::Kind::unused || field.kind == FieldInfo::Kind::refused;
  if (has_no_place && field.key != "no_accept") {
    leave_out(statement, field.help);
  } else if (take_special(statement, info, out)) {
    return;
  } else if (field.kind == FieldInfo::Kind::section) {
    take_section(statement.block, *field.section, out.at_or_map(field.key));
    out.find(field.key)->origin = statement.origin;
  } else if (field.type.starts_with("list")) {
    take_list(statement, field, out);
  } else if (statement.words.size() > 1) {
    out.set(field.key, value_of(rest_of(statement), field, statement.origin));
  } else if (field.type == "boolean") {
    out.set(field.key, Node::scalar("true", statement.origin));
  } else {
    problems_.error(statement.origin, statement.words[0], "needs a value");
  }
}

void Translator::take_section(const std::vector<Statement>& block, const SectionInfo& info, Node& out) {
  for (const Statement& statement : block) {
    const FieldInfo* field = info.find(statement.words[0]);
    // Keys that are ours alone mean nothing in keepalived's file.
    constexpr std::array ours{"ownership", "valid_lft", "track_proxy", "vmac_name"};
    const bool is_ours = std::ranges::find(ours, statement.words[0]) != ours.end();
    if (field != nullptr && !is_ours) {
      take(statement, info, out);
    } else {
      leave_out(statement, "this version does not know it");
    }
  }
}

bool is_ipv6(const Node& address) {
  const auto words = split_words(address.text, ' ');
  const auto prefix = words.empty() ? Result<IpPrefix>{IpPrefix{}} : IpPrefix::parse(words.front());
  return prefix && prefix->address.is_ipv6();
}

// keepalived's defaults where ours differ, and one family a router.
void Translator::finish_instance(Node& instance) {
  Node* addresses = instance.find("virtual_ipaddress");
  const bool has_addresses = addresses != nullptr && !addresses->items.empty();
  const bool of_ipv6 = has_addresses && is_ipv6(addresses->items.front());
  if (has_addresses) move_other_family(instance, *addresses, of_ipv6);
  if (instance.find("version") == nullptr)
    instance.set("version", Node::scalar(of_ipv6 ? "3" : vrrp_version_, instance.origin));
}

// Those of the first address's family stay.
void Translator::move_other_family(Node& instance, Node& addresses, bool of_ipv6) {
  Node others = Node::list(addresses.origin);
  for (const Node& address : addresses.items) {
    if (is_ipv6(address) != of_ipv6) others.items.push_back(address);
  }
  if (others.items.empty()) return;
  std::erase_if(addresses.items, [&](const Node& address) { return is_ipv6(address) != of_ipv6; });
  problems_.warn(others.items.front().origin, "virtual_ipaddress",
                 "addresses of the other family are moved to virtual_ipaddress_excluded");
  // From here on `addresses` may have moved.
  Node& excluded = instance.find("virtual_ipaddress_excluded") == nullptr
                       ? instance.set("virtual_ipaddress_excluded", Node::list(others.origin))
                       : *instance.find("virtual_ipaddress_excluded");
  excluded.items.insert(excluded.items.end(), others.items.begin(), others.items.end());
}

void Translator::take_named(const Statement& statement, const FieldInfo& field, Node& vip) {
  if (statement.words.size() < 2 || !statement.has_block) {
    problems_.error(statement.origin, statement.words[0], "needs a name and a block, as in 'NAME { … }'");
    return;
  }
  const std::string name = clean_name(statement.words[1], statement.origin);
  Node& sections = vip.at_or_map(field.key);
  if (sections.find(name) != nullptr) {
    problems_.error(statement.origin, first_words(statement), "is given twice");
    return;
  }
  Node& section = sections.set(name, Node::map(statement.origin));
  take_section(statement.block, *field.section, section);
}

void Translator::take_top(const Statement& statement, Node& vip) {
  constexpr std::array sections{"global_defs", "vrrp_instance",   "vrrp_sync_group",   "vrrp_script",
                                "track_file",  "vrrp_track_file", "vrrp_track_process"};
  const FieldInfo* field = describe_config().find("vip")->section->find(statement.words[0]);
  const bool is_section = std::ranges::find(sections, statement.words[0]) != sections.end();
  const bool is_known_of =
      field != nullptr && (field->kind == FieldInfo::Kind::unused || field->kind == FieldInfo::Kind::refused);
  if (is_section && field->kind == FieldInfo::Kind::section) {
    Node& section = vip.at_or_map(field->key);
    if (section.children.empty()) section.origin = statement.origin;
    take_section(statement.block, *field->section, section);
  } else if (is_section) {
    take_named(statement, *field, vip);
  } else {
    leave_out(statement, is_known_of ? std::string_view{field->help} : "this version does not know it");
  }
}

Node Translator::translate(const std::vector<Statement>& statements) {
  Node vip = Node::map();
  for (const Statement& statement : statements) take_top(statement, vip);
  if (Node* globals = vip.find("global_defs"); globals != nullptr && globals->children.empty())
    vip.erase("global_defs");
  if (Node* instances = vip.find("vrrp_instance")) {
    for (auto& [name, instance] : instances->children) finish_instance(instance);
  }
  return vip;
}

}  // namespace

Node vip_of_keepalived(const std::vector<KeepalivedStatement>& statements, Problems& problems) {
  return Translator{problems}.translate(statements);
}

}  // namespace holdfast::config
