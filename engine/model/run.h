// Run: the whole result of one evaluation, and all that a report may read (design section 4, Results). `evaluate` makes it, `reports` render it, nothing
// changes it in between. Pieces that are JSON (observed, expected) are kept as canonical JSON text. Everything here is a function of the inputs alone:
// no wall-clock time, no machine, no thread count; those are in RunTimes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error_codes.h"
#include "base/time.h"
#include "model/control.h"
#include "model/measure.h"
#include "model/string_column.h"
#include "model/verdict.h"

namespace muster {

/// One row of a dataset behind a finding: where the auditor finds the raw line.
struct RawRow {
  std::string dataset;
  std::uint32_t line = 0;     // of data/<dataset>.jsonl, from 1
  std::uint32_t request = 0;  // of ledger.jsonl, from 1; 0 when imported
  friend bool operator==(const RawRow&, const RawRow&) = default;
};

/// Another record that a finding names (the other accounts of a person, the admins counted).
struct Related {
  std::string kind;  // a SubjectKind's word
  std::string id;
  std::string label;
  friend bool operator==(const Related&, const Related&) = default;
};

/// How a failure stands to the baseline.
enum class Novelty : std::uint8_t {
  new_here,       // the baseline does not know it
  still_failing,  // it failed in the baseline, at this severity or a graver one: it does not make the run fail
  regressed,      // the baseline knows it, but as resolved, as waived, or at a lower severity
};
inline constexpr Novelty kNovelties[] = {Novelty::new_here, Novelty::still_failing, Novelty::regressed};
[[nodiscard]] std::string_view word_of(Novelty novelty);  // "new", "still_failing", "regressed"
[[nodiscard]] std::optional<Novelty> parse_novelty(std::string_view word);

/// A verdict that is fail, waived, unknown or error, with why.
struct Finding {
  std::uint32_t subject = 0;  // index into Run::subjects[kind of the rule]
  Verdict verdict = Verdict::fail;
  std::string reason;
  std::string observed;  // a JSON object, or empty
  std::string expected;  // a JSON value, or empty
  std::vector<Related> related;
  std::optional<std::uint32_t> waiver;  // index into Run::waivers; set when verdict is waived
  std::vector<RawRow> rows;
  std::optional<double> measure;  // in the unit of RuleResult::measure
  std::optional<Novelty> novelty;  // of every fail of a run with a baseline, and of nothing else
  std::optional<Instant> since;    // as_of of the first run that saw it fail; of every fail and waived of a run with a baseline
};

/// A subject that passes, and will fail from an instant on unless something changes.
struct Due {
  std::uint32_t subject = 0;  // as in Finding
  Instant at;
};

/// Run-length piece of a rule's verdicts, over the subjects in dataset order.
struct VerdictRun {
  std::uint32_t count = 0;
  Verdict verdict = Verdict::pass;
  std::uint32_t reason = 0;  // index into RuleResult::reasons; 0 is always ""
  friend bool operator==(const VerdictRun&, const VerdictRun&) = default;
};

/// One policy entry, evaluated.
struct RuleResult {
  std::string rule;    // rule id, "keys.max_age"
  std::string as;      // the entry's name; equals `rule` unless the policy says `as`
  std::string policy;  // policy id
  Severity severity = Severity::medium;
  std::vector<ControlId> controls;
  SubjectKind subject = SubjectKind::user;
  std::string title, why, fix;
  std::string file;         // the policy file, relative to the config's folder; the entry's line
  std::uint32_t line = 0;
  std::string parameters;   // JSON object of the effective parameters
  std::vector<std::string> reads;  // names of the datasets that the rule reads, sorted
  bool reports_unknown = false;  // `on_unknown: report`: unknowns do not make the run undecided
  bool gated = true;             // severity is at or above --fail-on: a failure makes the run fail
  std::uint64_t population = 0;
  Counts counts;
  std::vector<std::string> reasons{""};  // reasons of pass, not_applicable and of every other verdict; index 0 is ""
  std::vector<VerdictRun> verdicts;      // counts add up to population
  std::optional<Histogram> measure;      // of rules that measure; no bin counts anything when `whole` is set
  /// Sorted by subject. Empty when `whole` is set.
  std::vector<Finding> findings;
  std::vector<Due> due;  // the passes that end within Run::due_within, sorted by subject
  /// Set when one thing decides every subject alike (a denied dataset, a rule over budget): said once, not once a subject.
  struct Whole {
    Verdict verdict = Verdict::unknown;
    std::string reason;
  };
  std::optional<Whole> whole;
  /// Set when the entry as such is undecided although no subject is: "scope selects nothing from 312 users". Makes the run undecided.
  std::string undecided;

  [[nodiscard]] std::uint64_t known_failures() const;   // fails that the baseline has
  [[nodiscard]] std::uint64_t gating_failures() const;  // fails that make the run fail
};

struct Subjects {
  StringColumn id;
  StringColumn label;
};

/// One dataset's row of the manifest as the run saw it.
struct DatasetResult {
  std::string name;
  std::string status;  // complete | partial | denied | unsupported | not_requested
  std::string reason;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t pages = 0;
  std::string sha256;
  bool declared = false;      // completeness was declared by an importer, not observed
  bool read = false;          // some selected rule reads it
  std::vector<std::string> warnings;
};

/// An input file with its digest: config, policies, rules, roster files, links, register, waivers, the snapshot's manifest.
struct InputFile {
  std::string kind;  // config | policy | rule | roster | links | nonhuman | waivers | attestations |
                     // framework | baseline | snapshot
  std::string path;  // relative to the config's folder, or "builtin:rules/keys/max_age.lua"
  std::string sha256;
  std::uint64_t bytes = 0;
};

struct RosterResult {
  std::string path;
  std::string status;  // complete | partial | stale | missing
  std::string reason;
  std::uint64_t persons = 0;
  std::string as_of;     // the export's date as given; empty when none: age not checked
  std::string max_age;
};

struct WaiverResult {
  std::string id, rule, reason, approver, ticket, owner;
  std::string starts, expires;  // as written; empty when absent
  std::string state;            // active | expiring_soon | not_started | expired | unapproved | too_long | too_broad | unused
  std::uint64_t applied = 0;    // findings it turned into `waived`
  std::optional<std::int64_t> days_left = {};  // to its last day; below zero when that is over; nothing when it never ends
  std::string detail = {};      // of too_long and too_broad: by how much
};

/// A manual attestation (attestations.yaml) as of the run.
struct AttestationResult {
  std::string id;
  std::vector<ControlId> controls;  // as their framework's table has them
  std::string statement, owner;
  std::string date, frequency, expires;  // expires: the last day, also where the file says a frequency
  struct Evidence {
    std::string link, sha256;  // sha256 may be empty
  };
  std::vector<Evidence> evidence;
  std::string state;  // active | not_started | expired | unowned; the active alone fill a control
};

/// What a control comes to: the gravest of what its rules came to; without rules, what is attested.
enum class ControlStatus : std::uint8_t {
  failed,
  undecided,
  waived,          // every failure is excused
  passed,          // and its rules can show the whole of it, or an active attestation fills the rest
  passed_in_part,  // and nobody answers for the rest
  attested,        // no rule judged anything, and an active attestation fills it
  idle,            // its rules had nothing to judge
  open,            // no rule, and no active attestation
};
inline constexpr ControlStatus kControlStatuses[] = {
    ControlStatus::failed,         ControlStatus::undecided, ControlStatus::waived, ControlStatus::passed,
    ControlStatus::passed_in_part, ControlStatus::attested,  ControlStatus::idle,   ControlStatus::open};
[[nodiscard]] std::string_view word_of(ControlStatus status);
[[nodiscard]] std::optional<ControlStatus> parse_control_status(std::string_view word);

/// The rules and attestations of one control, rolled up. Those that a selected rule cites, or an attestation.
struct ControlResult {
  ControlId control;
  std::string title, tests, rest;           // of the framework's table (model/framework.h); empty without one
  std::vector<std::uint32_t> rules;         // indexes into Run::rules
  std::vector<std::uint32_t> attestations;  // indexes into Run::attestations, active or not
  Counts counts;                            // of those rules, added up
  ControlStatus status = ControlStatus::open;
};
/// Fills in counts and status from the control's rules, attestations and `tests`.
void settle(ControlResult& control, const std::vector<RuleResult>& rules,
            const std::vector<AttestationResult>& attestations);

struct PolicyResult {
  std::string id, title, file, sha256, version;
  std::optional<Severity> fail_on = {};  // its own gate, where the run's policies have several
};

/// The earlier results that a run was held against.
struct BaselineResult {
  std::string run;     // its id
  std::string sha256;  // of the file
  Instant as_of;
  std::uint64_t new_here = 0, still_failing = 0, regressed = 0;  // this run's failures
  std::uint64_t resolved = 0;  // failures of the baseline that this run found to be gone
  std::uint64_t untested = 0;  // failures of the baseline that this run could not decide, or did not look at
};

/// A failure of an earlier run that is none any more.
struct ResolvedFinding {
  std::string policy, as, rule;
  SubjectKind kind = SubjectKind::user;
  std::string id, label;
  Severity severity = Severity::medium;  // when it last failed
  std::string now;      // pass | not_applicable | gone: the subject is no longer there
  Instant since;        // as_of of the first run that saw it fail
  Instant resolved_at;  // as_of of the run that found it resolved; an earlier one when the baseline knew already
};

/// A note for the reader that never changes the exit code.
struct Notice {
  std::string code;  // stable word
  std::string text;
};

struct Run {
  std::string id;  // sha256 of the inputs
  std::string tool_version;
  std::string organization;       // display name
  std::string organization_id;
  std::string provider;
  Instant as_of;
  bool what_if = false;           // as_of is not the snapshot's instant
  Instant snapshot_completed;
  Severity fail_on = Severity::info;  // the gate; info where policies have several (PolicyResult::fail_on)
  std::string due_within;         // "14d": how far ahead RuleResult::due looks; of merged runs in words
  std::string tzdata;             // version, when the roster uses a zone
  std::vector<InputFile> inputs;  // sorted by kind, then path
  std::vector<DatasetResult> datasets;
  std::vector<RosterResult> rosters;
  std::vector<PolicyResult> policies;
  std::vector<WaiverResult> waivers;
  std::vector<AttestationResult> attestations;  // in file order
  std::vector<ControlResult> controls;          // by framework, then in its table's order
  std::map<SubjectKind, Subjects> subjects;     // the kinds that some rule judges
  std::vector<RuleResult> rules;                // in policy order
  std::optional<BaselineResult> baseline;
  std::vector<ResolvedFinding> resolved;     // sorted by policy, as, rule, id; empty without a baseline
  std::vector<Notice> notices;
  bool nondeterministic = false;             // a wall-time limit decided something
  ExitCode exit = ExitCode::internal;        // what the process will return

  /// The words for `exit` in reports: "passed", "failed", "undecided", "failed and undecided".
  [[nodiscard]] std::string outcome() const;
};

/// A file that a run read, by the path with which it was opened.
struct UsedFile {
  std::string path;
  std::string sha256;
  std::uint64_t bytes = 0;
  friend bool operator==(const UsedFile&, const UsedFile&) = default;
};

/// How a run came about, and what is needed to perform it again: `muster check` with `arguments` in a folder that has `files` and the snapshot. Kept in
/// run.json.
struct RunOrigin {
  std::vector<std::pair<std::string, std::string>> started_by;  // what is known of who or what started it: ("user", "ada"), ("ci", "gitlab"), …
  std::vector<std::string> command;                              // as it was typed, after the program's name
  std::vector<std::string> arguments;                            // those that can change the results, one "--name=value" or "--name" each
  std::string build_sha256;                                      // of the program; empty when it cannot be read
  std::string config_sha256;                                     // empty without a config
  std::string folder;        // the working folder, as seen from the folder that run.json is in; what relative paths are relative to
  std::string working_folder;  // absolute; only when the config was named by an absolute path, which makes other paths depend on it. Else empty
  std::string snapshot;      // the snapshot's folder
  std::vector<UsedFile> files;  // sorted by path; without those of the snapshot, which its manifest lists
};

/// What may differ between two runs on the same inputs; kept in run.json and shown on a terminal, never in results.json.
struct RunTimes {
  Instant checked_at;
  std::int64_t load_us = 0, index_us = 0, evaluate_us = 0, write_us = 0;
  std::vector<std::int64_t> rule_us;  // by Run::rules, CPU time summed over workers; 0 of a rule that an equal one was run for
  std::size_t blocks = 0;             // of subjects that rules judged: the work that was done
  RunOrigin origin;
};

}  // namespace muster
