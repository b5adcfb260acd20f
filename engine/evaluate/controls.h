// Controls: what the selected rules and the attestations come to for the frameworks' controls. A control is
// not covered because nothing speaks against it: it needs a rule that looks, or an attestation that holds
// today.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "evaluate/bind.h"
#include "model/attestation.h"
#include "model/roll_up.h"
#include "rule/rule.h"

namespace muster::evaluate {

/// Reports each control that a rule, an entry or an attestation cites and its framework's table does not
/// have, with the nearest one. A framework without a table is the user's own and is not looked into, unless
/// its name is a slip of one that has a table.
void check_controls(const rule::Rule& rule, std::span<const Framework> frameworks, Diagnostics& problems);
void check_controls(std::span<const Entry> entries, std::span<const Framework> frameworks,
                    Diagnostics& problems);
void check_controls(std::span<const Attestation> attestations, std::span<const Framework> frameworks,
                    Diagnostics& problems);

/// Their states as of the instant. One holds from the start of its date to the end of its last day (UTC).
[[nodiscard]] std::vector<AttestationResult> describe_attestations(std::span<const Attestation> attestations,
                                                                   std::span<const Framework> frameworks,
                                                                   Instant as_of);
/// An attestation that fills nothing, in one sentence for people; empty for one that does.
[[nodiscard]] std::string explain_attestation(const AttestationResult& attestation);

/// What holds a control up, before any run.
enum class Cover : std::uint8_t {
  covered,  // rules see the whole of it and all that support it are selected; or an attestation fills what
            // they do not see
  partly,
  open,     // nothing
  outside,  // not about who has access to the platform, and not attested
};
[[nodiscard]] std::string_view word_of(Cover cover);

struct ControlCover {
  const FrameworkControl* control = nullptr;
  Cover cover = Cover::open;
  std::vector<std::string> selected;      // rules that support it and that some entry runs, sorted
  std::vector<std::string> not_selected;  // those that no entry runs, sorted
  std::vector<std::string> attested;      // ids of the active attestations, in file order
  std::vector<std::string> lapsed;        // ids of the others
};
/// One row a control of the framework, in its order.
[[nodiscard]] std::vector<ControlCover> cover_controls(const Framework& framework,
                                                       std::span<const Framework> frameworks,
                                                       std::span<const Entry> entries,
                                                       const rule::RuleSet& rules,
                                                       std::span<const AttestationResult> attestations);

}  // namespace muster::evaluate
