#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/errc.hpp"

namespace holdfast {

// A failure as a value: its kind, and in words what was being done ("renewing lease 7587: etcd at
// 127.0.1.1:2379 …").
struct Error {
  Errc code = Errc::internal;
  std::string context;

  bool operator==(const Error&) const = default;
};

// "<context>: <kind>", as shown to people. Never holds a secret: whoever makes the context leaves them out.
inline std::string to_string(const Error& error) {
  if (error.context.empty()) return std::string{to_string(error.code)};
  return error.context + " (" + std::string{to_string(error.code)} + ")";
}

// A value or an Error. One header holds the choice of tl::expected, so moving to std::expected is one line.
template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(Errc code, std::string context) {
  return tl::unexpected<Error>{Error{code, std::move(context)}};
}

// Passes an error up, with what the caller was doing in front of it.
inline tl::unexpected<Error> fail(const std::string& doing, const Error& cause) {
  return fail(cause.code, doing + ": " + cause.context);
}

}  // namespace holdfast
