// Every way muster can fail, one row each: the enumerator, its stable word (printed in messages, tested, documented), the exit
// code it leads to, and what it means. Docs and the `muster help errors` page are made from this table; nothing else lists codes.
#pragma once

#include <cstdint>
#include <string_view>

namespace muster {

/// The process exit codes, a contract with CI systems (design section 4).
enum class ExitCode : int {
  ok = 0,
  failed = 1,
  undecided = 2,
  failed_and_undecided = 3,
  wrong_input = 64,
  integrity = 65,
  unavailable = 69,
  internal = 70,
  interrupted = 130,
};

// clang-format off
#define MUSTER_ERROR_CODES(X) \
  X(usage,               "usage",                 wrong_input, "The command line is wrong.") \
  X(file_not_found,      "file.not_found",        wrong_input, "A named file or folder does not exist.") \
  X(file_unreadable,     "file.unreadable",       wrong_input, "A file exists but cannot be read.") \
  X(file_unwritable,     "file.unwritable",       wrong_input, "An output cannot be written: permissions, a missing folder, or a full disk. Nothing half-written is left.") \
  X(file_too_large,      "file.too_large",        wrong_input, "A file is larger than muster accepts for its kind.") \
  X(text_encoding,       "text.encoding",         wrong_input, "A text file is not valid UTF-8.") \
  X(json_syntax,         "json.syntax",           wrong_input, "A JSON text is malformed.") \
  X(json_duplicate,      "json.duplicate_member", wrong_input, "A JSON object names one member twice, so readers would disagree on its value.") \
  X(json_depth,          "json.depth",            wrong_input, "A JSON text is nested deeper than muster accepts.") \
  X(yaml_syntax,         "yaml.syntax",           wrong_input, "A YAML text is malformed.") \
  X(yaml_duplicate,      "yaml.duplicate_key",    wrong_input, "A YAML mapping names one key twice.") \
  X(yaml_limit,          "yaml.limit",            wrong_input, "A YAML text is nested too deeply, too large, or its aliases expand too far.") \
  X(time_format,         "time.format",           wrong_input, "A date or time is not in an accepted form.") \
  X(time_zone,           "time.zone",             wrong_input, "A time zone name is not in the tz database.") \
  X(config_unknown_key,  "config.unknown_key",    wrong_input, "A configuration, policy or waiver file has a key that muster does not know.") \
  X(config_missing_key,  "config.missing_key",    wrong_input, "A configuration, policy or waiver file lacks a required key.") \
  X(config_wrong_type,   "config.wrong_type",     wrong_input, "A value in a configuration, policy or waiver file has the wrong type.") \
  X(config_invalid,      "config.invalid",        wrong_input, "A value in a configuration, policy or waiver file is not allowed.") \
  X(policy_unknown,      "policy.unknown",        wrong_input, "No shipped policy has that name and no file is there.") \
  X(policy_unknown_rule, "policy.unknown_rule",   wrong_input, "A policy names a rule that does not exist.") \
  X(policy_parameter,    "policy.parameter",      wrong_input, "A policy gives a rule a parameter that it does not have, or of the wrong type.") \
  X(policy_duplicate,    "policy.duplicate",      wrong_input, "Two entries of a policy have one name; give the second use its own with `as`.") \
  X(policy_control,      "policy.control",        wrong_input, "A rule, policy or attestation cites a control that its framework's table does not have.") \
  X(policy_scope,        "policy.scope",          wrong_input, "A scope names a field that the rule's subject does not have, or a list that is not there.") \
  X(rule_syntax,         "rule.syntax",           wrong_input, "A rule file is not valid Lua.") \
  X(rule_shape,          "rule.shape",            wrong_input, "A rule file does not return a table of the documented shape.") \
  X(rule_unknown_field,  "rule.unknown_field",    wrong_input, "A rule's `reads` names a dataset or field that the schema does not have.") \
  X(rule_duplicate,      "rule.duplicate",        wrong_input, "Two rule files have one id.") \
  X(rule_state,          "rule.state",            wrong_input, "A rule assigns to a captured variable, which would carry state from one subject to the next.") \
  X(rule_load,           "rule.load",             wrong_input, "A rule file raises an error or runs out of its budget while it is loaded.") \
  X(rule_example,        "rule.example",          wrong_input, "A rule's example does not come out as it says.") \
  X(roster_column,       "roster.column",         wrong_input, "A roster file lacks a mapped column.") \
  X(roster_row,          "roster.row",            wrong_input, "A roster row cannot be read.") \
  X(roster_status,       "roster.status",         wrong_input, "A roster row has a status word that the config does not map.") \
  X(roster_format,       "roster.format",         wrong_input, "A roster file is not in the format that the config says.") \
  X(roster_digest,       "roster.digest",         integrity,   "A collected roster's bytes are not those that its last line lists.") \
  X(roster_age,          "roster.age",            wrong_input, "A roster has a max_age but no date of its own.") \
  X(import_input,        "import.input",          wrong_input, "A file given to `muster import` is not a dataset, or a row of it cannot be used.") \
  X(snapshot_missing,    "snapshot.missing",      wrong_input, "No snapshot is at the given place.") \
  X(snapshot_version,    "snapshot.version",      wrong_input, "The snapshot's schema version is not one this muster reads.") \
  X(snapshot_manifest,   "snapshot.manifest",     integrity,   "The snapshot's manifest is malformed or contradicts itself.") \
  X(snapshot_digest,     "snapshot.digest",       integrity,   "A snapshot file's bytes are not those that the manifest lists.") \
  X(snapshot_line,       "snapshot.line",         integrity,   "A dataset line is not a valid record.") \
  X(snapshot_duplicate,  "snapshot.duplicate_id", integrity,   "One id stands twice in a dataset where ids are unique.") \
  X(results_format,      "results.format",        wrong_input, "A results file is malformed, of another version, or contradicts itself.") \
  X(evidence_input,      "evidence.input",        integrity,   "A file of the run that a bundle is made of is not the one that was checked, or a part of the run folder was changed.") \
  X(evidence_archive,    "evidence.archive",      integrity,   "A bundle is not an archive as muster writes it: another format, an unsafe or repeated name, a link, a size beyond the limit, or bytes that were changed.") \
  X(evidence_file,       "evidence.file",         integrity,   "A file of a bundle is missing, changed, malformed, or not in its list of digests.") \
  X(evidence_signature,  "evidence.signature",    integrity,   "The signature of a bundle is not of these bytes, or the key is not one of an allowed signer.") \
  X(evidence_timestamp,  "evidence.timestamp",    integrity,   "The time stamp of a bundle is malformed, about other bytes, or not made by a trusted authority.") \
  X(evidence_chain,      "evidence.chain",        integrity,   "A bundle does not follow the one that it names, or was given, as the previous one.") \
  X(evidence_replay,     "evidence.replay",       integrity,   "Evaluating a bundle's inputs again gives other results than the bundle holds.") \
  X(evidence_privacy,    "evidence.privacy",      wrong_input, "A bundle with pseudonyms cannot be made: a verdict would change, or a name would remain.") \
  X(evidence_unfit,      "evidence.unfit",        wrong_input, "The bundle or run lacks what the command needs.") \
  X(signing_key,         "signing.key",           wrong_input, "A signing key cannot be read, is not Ed25519, or its passphrase is missing or wrong.") \
  X(key_missing,         "key.missing",           wrong_input, "A key is not where the config says it is.") \
  X(key_kind,            "key.kind",              wrong_input, "A key is of a kind that its source does not take.") \
  X(key_refused,         "key.refused",           wrong_input, "A service does not take the key.") \
  X(service_unavailable, "service.unavailable",   unavailable, "A service that muster needs does not answer.") \
  X(interrupted,         "interrupted",           interrupted, "The user ended the run.") \
  X(internal,            "internal",              internal,    "A bug in muster. Please report it with the command line.")
// clang-format on

enum class ErrorCode : std::uint8_t {
#define X(name, word, exit, meaning) name,
  MUSTER_ERROR_CODES(X)
#undef X
};

/// One row of the table above.
struct ErrorRow {
  ErrorCode code;
  std::string_view word;
  ExitCode exit;
  std::string_view meaning;
};

/// All rows, in the table's order.
inline constexpr ErrorRow kErrorRows[] = {
#define X(name, word, exit, meaning) {ErrorCode::name, word, ExitCode::exit, meaning},
    MUSTER_ERROR_CODES(X)
#undef X
};

/// The row of a code; total, constant time.
constexpr const ErrorRow& error_row(ErrorCode code) { return kErrorRows[static_cast<std::uint8_t>(code)]; }

}  // namespace muster
