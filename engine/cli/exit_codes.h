// What each exit code means, once, for help, documents and commands.
#pragma once

#include <string_view>

#include "base/error_codes.h"

namespace muster::cli {

struct ExitRow {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr ExitRow kExitRows[] = {
    {ExitCode::ok, "Everything was decided and nothing failed at or above the gate (--fail-on)."},
    {ExitCode::failed, "Something failed at or above the gate."},
    {ExitCode::undecided,
     "Something could not be decided: an unknown or an error in a selected rule (unless its policy entry "
     "says `on_unknown: report`), no rule selected, or a scope that "
     "selects nothing from a dataset that has rows."},
    {ExitCode::failed_and_undecided, "Both: something failed and something could not be decided."},
    {ExitCode::wrong_input,
     "The command line, a config, policy, waiver, roster or rule file is wrong, or an output cannot be "
     "written. Nothing was decided."},
    {ExitCode::integrity,
     "An integrity check failed: a snapshot is not what its manifest says. Nothing was decided."},
    {ExitCode::unavailable, "A service that muster needs does not answer."},
    {ExitCode::internal, "A bug in muster; please report it."},
    {ExitCode::interrupted, "The user ended the run (SIGINT, SIGTERM). Nothing half-written is left."},
};

}  // namespace muster::cli
