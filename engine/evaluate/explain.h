// Explain: one rule and one subject, judged as `check` judges them and watched while it happens.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file_system.h"
#include "evaluate/check.h"
#include "model/run.h"
#include "rule/trace.h"

namespace muster::evaluate {

struct EntryExplanation {
  std::string as, policy, file;  // policy and file are empty when no policy selects the rule
  std::uint32_t line = 0;
  Severity severity = Severity::medium;
  std::string parameters;                     // JSON object
  std::vector<std::string> include, exclude;  // "workspace_id: prod-*"
  Verdict verdict = Verdict::error;           // as in the results
  std::string reason, observed, expected;
  std::optional<double> measure;  // of a fail or waived one, in the rule's unit
  std::vector<Related> related;
  std::optional<WaiverResult> waiver;  // the one applied
  /// False when the rule was not called: it is out of scope, or what it must read is not complete.
  bool was_called = false;
  rule::Trace trace;
  std::vector<RawRow> rows;
};

struct Explanation {
  std::shared_ptr<const rule::Rule> rule;
  SubjectKind kind = SubjectKind::user;
  std::string id, label;
  Instant as_of;
  std::string snapshot_folder;
  // Of users, when there is a roster.
  std::string match_strategy, match_detail, person;
  std::vector<WaiverResult> idle_waivers;  // of this rule, without effect on this subject
  std::vector<EntryExplanation> entries;
};

/// `subject` is an id, an e-mail address or a label. nullopt with the problems reported: those of check(), no
/// such subject (with the nearest), or several of that label.
[[nodiscard]] std::optional<Explanation> explain(const FileSystem& files, const Clock& clock,
                                                 CheckRequest request,
                                                 const std::shared_ptr<const rule::Rule>& rule,
                                                 const std::string& subject, Diagnostics& problems);

}  // namespace muster::evaluate
