#include "model/run.h"

namespace muster {

std::string Run::outcome() const {
  switch (exit) {
    case ExitCode::ok: return "passed";
    case ExitCode::failed: return "failed";
    case ExitCode::undecided: return "undecided";
    case ExitCode::failed_and_undecided: return "failed and undecided";
    case ExitCode::wrong_input: return "wrong input";
    case ExitCode::integrity: return "integrity check failed";
    case ExitCode::unavailable: return "service unavailable";
    case ExitCode::internal: return "internal error";
    case ExitCode::interrupted: return "interrupted";
  }
  return "internal error";
}

}  // namespace muster
