#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/duration.hpp"
#include "drill/report.hpp"

namespace holdfast::drill {
namespace {

namespace json = boost::json;

double seconds_of(nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

json::object counts_object(const Counts& counts) {
  json::object object;
  for (const auto& [kind, count] : counts) object[kind] = count;
  return object;
}

json::object gap_object(const Gap& gap, BootInstant origin) {
  return {{"seconds", seconds_of(gap.length())},
          {"begin", seconds_of(gap.begin - origin)},
          {"end", seconds_of(gap.end - origin)}};
}

json::object step_object(const Step& step, BootInstant origin) {
  json::array left;
  for (const auto& doubt : step.left) left.emplace_back(doubt);
  return {{"what", step.what},
          {"detail", step.detail},
          {"begin", seconds_of(step.window.from - origin)},
          {"end", seconds_of(step.window.to - origin)},
          {"write_gap", gap_object(step.write_gap, origin)},
          {"read_gap", gap_object(step.read_gap, origin)},
          {"write_errors", counts_object(step.write_errors)},
          {"read_errors", counts_object(step.read_errors)},
          {"back", step.is_back()},
          {"left", std::move(left)}};
}

json::array lanes_array(const Chronicle& chronicle, BootInstant origin) {
  json::array lanes;
  for (const auto& lane : chronicle.lanes()) {
    json::array spans;
    for (const auto& span : lane.spans) {
      spans.push_back(json::object{{"state", span.state},
                                   {"begin", seconds_of(span.from - origin)},
                                   {"end", seconds_of(span.to - origin)}});
    }
    lanes.push_back(json::object{{"name", lane.name}, {"states", std::move(spans)}});
  }
  return lanes;
}

// null: nothing was checked.
json::value judgement_value(const std::optional<Judgement>& judgement, BootInstant origin) {
  if (!judgement) return nullptr;
  json::array violations;
  for (const auto& violation : judgement->violations) {
    json::array proof;
    for (const auto& operation : violation.proof) proof.emplace_back(print_operation(operation, origin));
    violations.push_back(json::object{{"what", violation.what}, {"proof", std::move(proof)}});
  }
  return json::object{{"linearizable", judgement->is_linearizable()},
                      {"operations", judgement->operations},
                      {"unknown", judgement->unknown},
                      {"failed", judgement->failed},
                      {"undecided", judgement->undecided.size()},
                      {"violations", std::move(violations)}};
}

}  // namespace

std::string print_json(const Report& report) {
  const auto origin = report.whole.from;
  json::array steps;
  for (const auto& step : report.steps) steps.push_back(step_object(step, origin));
  json::array events;
  for (const auto& event : report.chronicle.happenings()) {
    events.push_back(
        json::object{{"at", seconds_of(event.at - origin)}, {"text", event.text}, {"ours", event.ours}});
  }
  json::array two_writers;
  for (const auto& two : report.two_writers) {
    two_writers.push_back(json::object{{"one", two.one},
                                       {"other", two.other},
                                       {"begin", seconds_of(two.from - origin)},
                                       {"end", seconds_of(two.to - origin)}});
  }
  json::array missing;
  for (const auto id : report.result.missing) missing.emplace_back(id);
  const json::object whole{{"title", report.title},
                           {"scope", report.scope},
                           {"load", report.load},
                           {"seed", report.seed ? json::value(*report.seed) : json::value(nullptr)},
                           {"started_at", print_iso(report.started_at)},
                           {"seconds", seconds_of(report.whole.to - origin)},
                           {"good", report.is_good()},
                           {"writes_acknowledged", report.result.acknowledged},
                           {"writes_lost", std::move(missing)},
                           {"writes_unknown", report.result.doubtful},
                           {"writes_unknown_found", report.result.doubtful_found},
                           {"reads", report.reads},
                           {"history", judgement_value(report.result.judgement, origin)},
                           {"two_writable_primaries", std::move(two_writers)},
                           {"steps", std::move(steps)},
                           {"lanes", lanes_array(report.chronicle, origin)},
                           {"events", std::move(events)}};
  return json::serialize(whole) + "\n";
}

}  // namespace holdfast::drill
