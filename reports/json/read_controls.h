// The parts of results.json about controls. Private to reports/json.
#pragma once

#include <vector>

#include "model/run.h"
#include "reports/json/members.h"

namespace muster::reports {

/// The member "controls" of a rule or an attestation.
void read_control_ids(Members& m, std::vector<ControlId>& out);
/// The member "counts".
void read_counts(Members& m, Counts& out);
void read_attestations(Members& document, Run& run);
/// Needs the rules and attestations, and refuses a roll-up that is not theirs. Results of an earlier version
/// lack it: then it is made from the rules.
void read_control_results(Members& document, Run& run);

}  // namespace muster::reports
