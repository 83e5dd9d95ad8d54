#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/instant.hpp"

// Prometheus' text format 0.0.4 for values that are counted elsewhere and only printed when somebody asks.
namespace holdfast {

// `iname="VI_1",vrid="51"`; a label's value may hold anything.
inline std::string print_labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += fmt::format("{}{}=\"", out.empty() ? "" : ",", name);
    for (const char c : value) {
      if (c == '\\' || c == '"') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    out += '"';
  }
  return out;
}

// One metric family: its heading, then its samples.
class Family {
 public:
  Family(std::string& out, std::string name, std::string_view type, std::string_view help)
      : out_{out}, name_{std::move(name)} {
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
  }
  template <class Value>
  void add(const std::string& labels, const Value& value) {
    out_ += fmt::format("{}{{{}}} {}\n", name_, labels, value);
  }
  void add(const std::string& labels, nanoseconds span) {
    out_ += fmt::format("{}{{{}}} {:.6f}\n", name_, labels, std::chrono::duration<double>(span).count());
  }
  template <class Value>
  void add(const Value& value) {
    out_ += fmt::format("{} {}\n", name_, value);
  }

 private:
  std::string& out_;
  std::string name_;
};

}  // namespace holdfast
