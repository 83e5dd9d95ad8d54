#include "base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace holdfast {

struct Registry::Impl {
  prometheus::Registry native{prometheus::Registry::InsertBehavior::Merge};
  Labels common;
};

Registry::Registry(Labels common) : impl_{std::make_unique<Impl>()} {
  impl_->common = std::move(common);
}
Registry::~Registry() = default;

Counter Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family =
      prometheus::BuildCounter().Name(name).Help(help).Labels(impl_->common).Register(impl_->native);
  return Counter{&family.Add(labels)};
}

Gauge Registry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Labels(impl_->common).Register(impl_->native);
  return Gauge{&family.Add(labels)};
}

Histogram Registry::histogram(const std::string& name, const std::string& help, std::vector<double> buckets,
                              const Labels& labels) {
  auto& family =
      prometheus::BuildHistogram().Name(name).Help(help).Labels(impl_->common).Register(impl_->native);
  return Histogram{&family.Add(labels, std::move(buckets))};
}

std::string Registry::text() const {
  return prometheus::TextSerializer{}.Serialize(impl_->native.Collect());
}

void Counter::add(double amount) {
  static_cast<prometheus::Counter*>(native_)->Increment(amount);
}
double Counter::value() const {
  return static_cast<prometheus::Counter*>(native_)->Value();
}
void Gauge::set(double value) {
  static_cast<prometheus::Gauge*>(native_)->Set(value);
}
void Gauge::add(double amount) {
  static_cast<prometheus::Gauge*>(native_)->Increment(amount);
}
double Gauge::value() const {
  return static_cast<prometheus::Gauge*>(native_)->Value();
}
void Histogram::observe(double value) {
  static_cast<prometheus::Histogram*>(native_)->Observe(value);
}

}  // namespace holdfast
