#pragma once

#include <string>
#include <utility>

namespace holdfast {

// A password or key. It has no formatter and no stream operator, so it can't reach a log line by accident:
// whoever needs the text says reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_{std::move(text)} {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace holdfast
