#pragma once

#include "cli/command.hpp"
#include "cli/terminal.hpp"

namespace holdfast::cli {

struct Context {
  Style style = Style::holdfast;
  Common common;
  Terminal& terminal;

  // The exit code when a member declined what was asked; patronictl calls that a success.
  int declined() const { return style == Style::patronictl ? 0 : 1; }
};

// One function a verb. Returns the exit code; an error is shown as "Error: …" (Errc::cancelled: "Aborted!")
// and exits 1, a wrong argument or configuration (Errc::invalid_argument) as well, with 2 outside patronictl.
Result<int> run_verb(Context& context, const Run& verb);
Result<int> run_verb(Context& context, const RunRole& verb);
Result<int> run_verb(Context& context, const Sentinel& verb);
Result<int> run_verb(Context& context, const ConfigCheck& verb);
Result<int> run_verb(Context& context, const ConfigShow& verb);
Result<int> run_verb(Context& context, const ConfigExplain& verb);
Result<int> run_verb(Context& context, const ConfigImport& verb);
Result<int> run_verb(Context& context, const ConfigReference& verb);
Result<int> run_verb(Context& context, const ConfigSchema& verb);
Result<int> run_verb(Context& context, const Completion& verb);
Result<int> run_verb(Context& context, const External& verb);
Result<int> run_verb(Context& context, const List& verb);
Result<int> run_verb(Context& context, const Status& verb);
Result<int> run_verb(Context& context, const VipShow& verb);
Result<int> run_verb(Context& context, const History& verb);
Result<int> run_verb(Context& context, const Switchover& verb);
Result<int> run_verb(Context& context, const Restart& verb);
Result<int> run_verb(Context& context, const Reload& verb);
Result<int> run_verb(Context& context, const Reinit& verb);
Result<int> run_verb(Context& context, const Flush& verb);
Result<int> run_verb(Context& context, const Pause& verb);
Result<int> run_verb(Context& context, const ShowConfig& verb);
Result<int> run_verb(Context& context, const EditConfig& verb);
Result<int> run_verb(Context& context, const Query& verb);
Result<int> run_verb(Context& context, const Dsn& verb);
Result<int> run_verb(Context& context, const Version& verb);
Result<int> run_verb(Context& context, const Remove& verb);

}  // namespace holdfast::cli
