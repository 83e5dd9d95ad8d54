#include "cli/cli.hpp"

#include <csignal>
#include <iostream>
#include <string_view>

#include "cli/parse.hpp"
#include "cli/verbs.hpp"
#include "demo/verb.hpp"
#include "drill/verb.hpp"

namespace holdfast::cli {
namespace {

Style style_of(std::string_view program) {
  const auto slash = program.rfind('/');
  const auto name = slash == std::string_view::npos ? program : program.substr(slash + 1);
  return name == "patronictl" ? Style::patronictl : Style::holdfast;
}

int report(Context& context, const Command& command, const Error& error) {
  if (error.code == Errc::cancelled) {
    context.terminal.complain("\nAborted!");
    return 1;
  }
  context.terminal.complain("Error: " + error.context);
  // They keep 1 and 2 for what they found.
  if (std::holds_alternative<Status>(command) || std::holds_alternative<VipShow>(command)) return 3;
  return error.code == Errc::invalid_argument && context.style == Style::holdfast ? 2 : 1;
}

}  // namespace

Result<int> run_verb(Context&, const External& verb) {
  if (verb.program == External::Program::demo) return demo::run_verb(verb.arguments);
  return drill::run_verb(verb.arguments);
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto style = style_of(argc > 0 ? argv[0] : "holdfast");
  auto parsed = parse(style, {argv + std::min(argc, 1), argv + argc});
  if (const auto* answered = std::get_if<Answered>(&parsed)) {
    (answered->code == 0 ? std::cout : std::cerr) << answered->text;
    return answered->code;
  }
  const auto& invocation = std::get<Invocation>(parsed);
  auto terminal = standard_terminal();
  Context context{style, invocation.common, terminal};
  const auto outcome =
      std::visit([&](const auto& verb) { return run_verb(context, verb); }, invocation.command);
  return outcome ? *outcome : report(context, invocation.command, outcome.error());
}

}  // namespace holdfast::cli
