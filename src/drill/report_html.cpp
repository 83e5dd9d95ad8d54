#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/duration.hpp"
#include "drill/report.hpp"

// The page is one column: the verdict, the figures, the timeline drawn, the events. Colours are told apart by
// lightness as well as by hue, and every state carries its words.
namespace holdfast::drill {
namespace {

constexpr double label_width = 130;
constexpr double chart_width = 950;
constexpr double lane_height = 22;
constexpr double lane_step = 30;
constexpr double rate_height = 56;

constexpr const char* style = R"(
:root{--ink:#1c2430;--soft:#667085;--line:#e4e7ec;--paper:#fff;--good:#2f9e62;--calm:#5b8def;--busy:#eaa221;--bad:#d64545;--unknown:#98a2b3;--gap:#fbe4e4}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--line:#2c3442;--paper:#141a22;--gap:#3d2226}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:32px 0 8px}p{margin:4px 0}.soft{color:var(--soft)}
.verdict{display:inline-block;padding:2px 12px;border-radius:12px;color:#fff;font-weight:600}
.verdict.good{background:var(--good)}.verdict.bad{background:var(--bad)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft)}td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
svg{width:100%;height:auto;display:block;font:12px system-ui,sans-serif}
svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}svg .in{fill:#fff;font-size:11px}
.good{fill:var(--good)}.calm{fill:var(--calm)}.busy{fill:var(--busy)}.bad{fill:var(--bad)}.unknown{fill:var(--unknown)}
.grid{stroke:var(--line)}.gap{fill:var(--gap)}.rate{fill:var(--calm);opacity:.75}.deed{stroke:var(--bad);stroke-dasharray:4 3}
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

const char* class_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "good";
    case Tone::calm:
      return "calm";
    case Tone::busy:
      return "busy";
    case Tone::bad:
      return "bad";
    case Tone::unknown:
      return "unknown";
  }
  return "unknown";
}

double seconds_of(nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

// Draws from top to bottom; `y` is where the next thing goes.
class Picture {
 public:
  explicit Picture(const Report& report)
      : report_{report}, length_{std::max(seconds_of(report.whole.to - report.whole.from), 0.001)} {}

  std::string draw() {
    rate("writes/s", report_.write_moments, &Step::write_gap);
    rate("reads/s", report_.read_moments, &Step::read_gap);
    for (const auto& drawn : report_.chronicle.lanes()) lane(drawn);
    const double bottom = y_;
    const std::string behind = grid(bottom) + deeds(bottom);
    return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"timeline\">{}{}</svg>",
                       label_width + chart_width + 20, bottom + 28, behind, body_);
  }

 private:
  double x(BootInstant at) const {
    return label_width + chart_width * std::clamp(seconds_of(at - report_.whole.from) / length_, 0.0, 1.0);
  }

  void label(std::string_view text, double baseline) {
    body_ += fmt::format("<text x=\"0\" y=\"{:.1f}\">{}</text>", baseline, escaped(text));
  }

  void rate(std::string_view name, const std::vector<BootInstant>& moments, Gap Step::* gap) {
    for (const auto& step : report_.steps) {
      const auto& g = step.*gap;
      if (g.length() < 50ms) continue;
      body_ += fmt::format(
          "<rect class=\"gap\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\"><title>no {} "
          "for {}</title></rect>",
          x(g.begin), y_, std::max(x(g.end) - x(g.begin), 1.5), rate_height, name.substr(0, name.find('/')),
          print_seconds(g.length()));
    }
    constexpr std::size_t bins = 380;
    std::vector<std::size_t> counts(bins);
    for (const auto at : moments) {
      const double share = (x(at) - label_width) / chart_width;
      ++counts[std::min(bins - 1, static_cast<std::size_t>(share * bins))];
    }
    const auto highest = std::max<std::size_t>(1, *std::max_element(counts.begin(), counts.end()));
    for (std::size_t i = 0; i < bins; ++i) {
      if (counts[i] == 0) continue;
      const double height = rate_height * static_cast<double>(counts[i]) / static_cast<double>(highest);
      body_ +=
          fmt::format("<rect class=\"rate\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\"/>",
                      label_width + chart_width * static_cast<double>(i) / bins, y_ + rate_height - height,
                      chart_width / bins, height);
    }
    label(name, y_ + rate_height / 2);
    const double top = static_cast<double>(highest) * bins / length_;
    body_ += fmt::format("<text class=\"soft\" x=\"0\" y=\"{:.1f}\">up to {:.0f}</text>",
                         y_ + rate_height / 2 + 15, top);
    y_ += rate_height + 12;
  }

  void lane(const Lane& drawn) {
    label(drawn.name, y_ + lane_height - 6);
    for (const auto& span : drawn.spans) {
      const bool is_last = &span == &drawn.spans.back();
      const double from = x(span.from);
      const double width = std::max(x(is_last ? report_.whole.to : span.to) - from, 1.5);
      body_ += fmt::format(
          "<g><rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\"/>"
          "<title>{}: {}, {:.3f} s to {:.3f} s</title>",
          class_of(span.tone), from, y_, width, lane_height, escaped(drawn.name), escaped(span.state),
          seconds_of(span.from - report_.whole.from), seconds_of(span.to - report_.whole.from));
      if (width > 7.0 * static_cast<double>(span.state.size()) + 8) {
        body_ += fmt::format("<text class=\"in\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", from + 5, y_ + 15,
                             escaped(span.state));
      }
      body_ += "</g>";
    }
    y_ += lane_step;
  }

  std::string grid(double bottom) const {
    const double raw = length_ / 10;
    const double magnitude = std::pow(10, std::floor(std::log10(raw)));
    double step = magnitude;
    for (const double factor : {2.0, 5.0, 10.0}) {
      if (step < raw) step = magnitude * factor;
    }
    std::string lines;
    for (double at = 0; at <= length_; at += step) {
      const double place = label_width + chart_width * at / length_;
      lines += fmt::format(
          "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1:.1f}\"/><text class=\"soft\" "
          "x=\"{0:.1f}\" y=\"{2:.1f}\" text-anchor=\"middle\">{3:g} s</text>",
          place, bottom, bottom + 16, at);
    }
    return lines;
  }

  std::string deeds(double bottom) const {
    std::string lines;
    for (const auto& event : report_.chronicle.happenings()) {
      if (!event.ours) continue;
      lines += fmt::format(
          "<line class=\"deed\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" "
          "y2=\"{1:.1f}\"><title>{2}</title></line>",
          x(event.at), bottom, escaped(event.text));
    }
    return lines;
  }

  const Report& report_;
  double length_;
  double y_ = 4;
  std::string body_;
};

std::string steps_table(const Report& report) {
  std::string rows;
  for (const auto& step : report.steps) {
    rows += fmt::format(
        "<tr><td><b>{}</b><br><span class=\"soft\">{}</span></td><td class=\"n\">{}</td><td "
        "class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td>writes: {}<br>reads: {}</td></tr>",
        escaped(step.what), escaped(step.detail), print_seconds(step.write_gap.length()),
        print_seconds(step.read_gap.length()),
        step.is_back() ? print_seconds(step.window.to - step.window.from) : "not back",
        escaped(print_counts(step.write_errors)), escaped(print_counts(step.read_errors)));
    for (const auto& left : step.left)
      rows += fmt::format("<tr><td colspan=\"5\">not well in the end: {}</td></tr>", escaped(left));
  }
  return "<table><tr><th>What</th><th>Longest write gap</th><th>Longest read gap</th><th>Whole again "
         "after</th>"
         "<th>Errors that clients saw</th></tr>" +
         rows + "</table>";
}

std::string events_table(const Report& report) {
  std::string rows;
  for (const auto& event : report.chronicle.happenings()) {
    const auto text = event.ours ? "<b>" + escaped(event.text) + "</b>" : escaped(event.text);
    rows += fmt::format("<tr><td class=\"n\">{:.3f} s</td><td>{}</td></tr>",
                        seconds_of(event.at - report.whole.from), text);
  }
  return "<table>" + rows + "</table>";
}

std::string judgement_part(const Judgement& judgement, BootInstant origin) {
  std::string text = fmt::format("<p>{}</p>", escaped(print_summary(judgement)));
  for (const auto& violation : judgement.violations) {
    text += fmt::format("<p><b>{}</b></p><pre>", escaped(violation.what));
    for (const auto& operation : violation.proof) text += escaped(print_operation(operation, origin)) + "\n";
    text += "</pre>";
  }
  return text;
}

std::string verdict(const Report& report) {
  const auto& result = report.result;
  std::string text = fmt::format(
      "<p><span class=\"verdict {}\">{}</span></p><p>{} writes acknowledged, <b>{} lost</b>; {} with unknown "
      "outcome, of which "
      "{} are there; {} reads.</p>",
      report.is_good() ? "good" : "bad", report.is_good() ? "passed" : "failed", result.acknowledged,
      result.missing.size(), result.doubtful, result.doubtful_found, report.reads);
  if (result.judgement) text += judgement_part(*result.judgement, report.whole.from);
  for (const auto& two : report.two_writers) {
    text += fmt::format("<p><b>{} and {} were both writable for at least {}.</b></p>", escaped(two.one),
                        escaped(two.other), print_seconds(two.to - two.from));
  }
  return text;
}

}  // namespace

std::string print_html(const Report& report) {
  const auto title = escaped(fmt::format("{} of cluster {}", report.title, report.scope));
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{}</title><style>{}</style></head><body><main><h1>{}</h1><p "
      "class=\"soft\">{}; "
      "{}</p>{}<h2>Measured</h2>{}<h2>Timeline</h2>{}<h2>Events</h2>{}</main></body></html>\n",
      title, style, title, escaped(print_iso(report.started_at)), escaped(report.load), verdict(report),
      steps_table(report), Picture{report}.draw(), events_table(report));
}

}  // namespace holdfast::drill
