#include "cli/health_text.hpp"
#include "cli/observe.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "cli/watch.hpp"

namespace holdfast::cli {

Result<int> run_verb(Context& context, const Status& verb) {
  const auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  return watching(context.terminal, verb.watch, true, [&]() -> Result<int> {
    const auto health = observe(**session);
    std::string text = verb.format == Format::json ? print_spaced_json(health_json(health)) + "\n"
                                                   : print_health(health, context.terminal.is_screen());
    text.pop_back();
    context.terminal.say(text);
    return exit_code_of(findings_of(health));
  });
}

}  // namespace holdfast::cli
