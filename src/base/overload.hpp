#pragma once

namespace holdfast {

// std::visit(Overload{[](const A&) {...}, [](const B&) {...}}, variant)
template <class... Ts>
struct Overload : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overload(Ts...) -> Overload<Ts...>;

}  // namespace holdfast
