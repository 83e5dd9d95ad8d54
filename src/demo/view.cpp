#include "demo/view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.hpp"

namespace holdfast::demo {
namespace {

constexpr const char* off = "\x1b[0m";
constexpr const char* bold = "\x1b[1m";
constexpr const char* dim = "\x1b[2m";
constexpr const char* green = "\x1b[32m";
constexpr const char* red = "\x1b[31m";
constexpr const char* yellow = "\x1b[33m";
constexpr const char* cyan = "\x1b[36m";

const char* colour_of(drill::Tone tone) {
  switch (tone) {
    case drill::Tone::good:
      return green;
    case drill::Tone::calm:
      return cyan;
    case drill::Tone::busy:
      return yellow;
    case drill::Tone::bad:
      return red;
    case drill::Tone::unknown:
      return dim;
  }
  return off;
}

std::string column(std::string text, std::size_t width) {
  const auto has = display_width(text);
  if (has > width) return fitted(text, width);
  return text + std::string(width - has, ' ');
}

std::string coloured(const char* colour, std::string_view text) {
  return fmt::format("{}{}{}", colour, text, off);
}

std::string print_gap(nanoseconds span) {
  const double seconds = std::chrono::duration<double>(span).count();
  return seconds < 10 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.0f} s", seconds);
}

const NodeRow* node_of(const Picture& picture, const std::string& name) {
  const auto found =
      std::find_if(picture.nodes.begin(), picture.nodes.end(), [&](const auto& n) { return n.name == name; });
  return found == picture.nodes.end() ? nullptr : &*found;
}

drill::State life_of(const Picture& picture, const std::string& name, drill::State state) {
  const auto* node = node_of(picture, name);
  if (node != nullptr && node->life == NodeRow::Life::dead) return {"dead: press r", drill::Tone::bad};
  if (node != nullptr && node->life == NodeRow::Life::frozen) return {"frozen: press r", drill::Tone::bad};
  return state;
}

std::string lag_of(const drill::MemberSeen& member, const drill::MemberSeen* primary) {
  if (primary == nullptr || &member == primary || !member.agent_answers) return "";
  if (member.position == Lsn{}) return "";  // stopped: it has not said where it is
  const auto lag = std::max<std::int64_t>(bytes_between(member.position, primary->position), 0);
  return print_size(lag);
}

std::string member_line(const Picture& picture, const drill::MemberSeen& member) {
  const auto* node = node_of(picture, member.name);
  const auto state = life_of(picture, member.name, drill::state_of(member));
  const bool leads = picture.seen.leader == member.name;
  return fmt::format(" {} {} {} {} {} {} {}", leads ? coloured(green, "●") : " ", column(member.name, 5),
                     column(node == nullptr ? "" : node->address, 13),
                     coloured(colour_of(state.tone), column(state.text, 30)),
                     column(member.timeline == 0 ? "" : fmt::format("{}", member.timeline), 4),
                     column(lag_of(member, picture.seen.primary()), 9), coloured(dim, member.reason));
}

std::string servers_of(const drill::ProxySeen& proxy) {
  std::string text;
  for (const auto& server : proxy.servers) {
    if (!server.serving || server.role != "replica") continue;
    text += fmt::format("{}{}({})", text.empty() ? "" : " ", server.name, server.connections);
  }
  return text.empty() ? "the primary" : text;
}

std::string proxy_line(const Picture& picture, const drill::ProxySeen& proxy) {
  const auto* node = node_of(picture, proxy.name);
  const auto state = life_of(picture, proxy.name, drill::state_of(proxy));
  std::string line =
      fmt::format("   {} {} {} ", column(proxy.name, 5), column(node == nullptr ? "" : node->address, 13),
                  coloured(colour_of(state.tone), column("writes: " + state.text, 30)));
  if (!proxy.answers) return line;
  line += "reads: " + servers_of(proxy);
  if (proxy.waiting > 0) line += coloured(yellow, fmt::format("  {} clients held", proxy.waiting));
  if (proxy.gate != "open") line += coloured(dim, "  " + proxy.why);
  return line;
}

std::string vip_line(const drill::VipSeen& vip) {
  const auto state = drill::state_of(vip);
  return fmt::format(" {} {} {} {} {}", vip.state == "MASTER" && vip.answers ? coloured(green, "●") : " ",
                     column(vip.name, 5), column("vip", 13),
                     coloured(colour_of(state.tone), column(state.text, 30)),
                     vip.answers ? coloured(dim, vip.why.empty() ? vip.reason : vip.why) : "");
}

std::string load_line(std::string_view name, const LoadRow& load) {
  const bool is_stuck = load.since_last > 300ms;
  const auto rate = is_stuck ? coloured(red, column("none for " + print_gap(load.since_last), 16))
                             : coloured(green, column(fmt::format("{}/s", load.rate), 16));
  return fmt::format("   {} {} last gap {} longest {} {} done, {} errors", column(std::string{name}, 7), rate,
                     column(print_gap(load.last_gap), 8), column(print_gap(load.longest_gap), 8), load.total,
                     load.errors);
}

std::string heading(std::string_view text) {
  return fmt::format("{}{}{}", bold, text, off);
}

std::string event_line(const Picture& picture, const drill::Happening& event) {
  const double since = std::chrono::duration<double>(event.at - picture.started).count();
  return fmt::format("   {}{:9.2f} s{}  {}", dim, since, off,
                     event.ours ? coloured(yellow, event.text) : event.text);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  bool in_escape = false;
  for (const char c : text) {
    if (c == '\x1b')
      in_escape = true;
    else if (in_escape)
      in_escape = c != 'm';
    else if ((c & 0xC0) != 0x80)
      ++width;
  }
  return width;
}

std::string fitted(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::string out;
  std::size_t used = 0;
  bool in_escape = false;
  for (const char c : text) {
    const bool starts = c == '\x1b';
    const bool counts = !in_escape && !starts && (c & 0xC0) != 0x80;
    if (counts && used == width) break;
    if (counts) ++used;
    if (starts)
      in_escape = true;
    else if (in_escape)
      in_escape = c != 'm';
    out += c;
  }
  return out + off;
}

std::vector<std::string> draw(const Picture& picture) {
  std::vector<std::string> lines;
  const auto& seen = picture.seen;
  const std::string etcd =
      seen.dcs_answers ? fmt::format("etcd {}/{}", seen.etcd_up, seen.etcd_members) : "etcd does not answer";
  lines.push_back(fmt::format(" {}  leader lock: {}  {}", heading("Holdfast demo"),
                              seen.leader.empty() ? coloured(red, "nobody's") : coloured(green, seen.leader),
                              etcd));
  lines.push_back("");
  lines.push_back(
      coloured(dim, "   node  address       role and state                 tl   behind    decision"));
  for (const auto& member : seen.members) lines.push_back(member_line(picture, member));
  for (const auto& proxy : seen.proxies) lines.push_back(proxy_line(picture, proxy));
  for (const auto& vip : seen.vips) lines.push_back(vip_line(vip));
  lines.push_back("");
  lines.push_back(load_line("writes", picture.writes));
  lines.push_back(load_line("reads", picture.reads));
  lines.push_back("");
  lines.push_back("   " + picture.connect);
  lines.push_back(coloured(dim, "   data and logs: " + picture.data));
  lines.push_back("");
  const std::vector<std::string> tail{
      "",
      fmt::format(" {} kill the primary's PostgreSQL  {} kill its whole node  {} freeze its whole node (cut "
                  "off)  {} kill a "
                  "proxy{}",
                  heading("k"), heading("n"), heading("c"), heading("p"),
                  seen.vips.empty() ? "" : fmt::format("  {} lose its host", heading("h"))),
      fmt::format(" {} switch over  {} restart what is dead or frozen  {} quit   {}", heading("s"),
                  heading("r"), heading("q"), coloured(yellow, picture.doing))};
  const auto height = static_cast<std::size_t>(std::max(picture.height, 4));
  const auto room = height > lines.size() + tail.size() ? height - lines.size() - tail.size() : 0;
  const auto shown = std::min(room, picture.happenings.size());
  for (auto event = picture.happenings.end() - static_cast<std::ptrdiff_t>(shown);
       event != picture.happenings.end(); ++event) {
    lines.push_back(event_line(picture, *event));
  }
  lines.resize(std::max(lines.size(), height - tail.size()));
  lines.resize(height - tail.size());
  lines.insert(lines.end(), tail.begin(), tail.end());
  for (auto& line : lines) line = fitted(line, static_cast<std::size_t>(std::max(picture.width, 20)));
  return lines;
}

}  // namespace holdfast::demo
