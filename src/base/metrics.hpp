#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

// Metrics as members: a component's struct registers each one in its constructor and keeps the handle, so
// that no metric exists only after its first use. Exposition by prometheus-cpp (text format 0.0.4).
namespace holdfast {

using Labels = std::map<std::string, std::string>;

class Registry;

class Counter {
 public:
  void add(double amount = 1);  // thread-safe
  double value() const;

 private:
  friend class Registry;
  explicit Counter(void* native) : native_{native} {}
  void* native_;
};

class Gauge {
 public:
  void set(double value);  // thread-safe
  void add(double amount);
  double value() const;

 private:
  friend class Registry;
  explicit Gauge(void* native) : native_{native} {}
  void* native_;
};

class Histogram {
 public:
  void observe(double value);  // thread-safe

 private:
  friend class Registry;
  explicit Histogram(void* native) : native_{native} {}
  void* native_;
};

// Owns the metrics of one process; handles stay valid for its life.
class Registry {
 public:
  explicit Registry(Labels common = {});  // labels that every metric carries, e.g. scope and name
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram histogram(const std::string& name, const std::string& help, std::vector<double> buckets,
                      const Labels& labels = {});

  std::string text() const;  // what GET /metrics answers

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast
