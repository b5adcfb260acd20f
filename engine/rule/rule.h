// Rules: Lua files that judge one subject at a time, in a sandbox. A Rule is loaded and checked once (shape, `reads` against the schema, no way to carry state
// between subjects), then run by Evaluators, one for each worker and policy entry. A rule cannot read a clock, the disk or the network: none of that is linked here.
// What a read of a null, absent, undeclared or misspelt field does is the engine's business, not the rule's: see design.md section 4, "Rule".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "base/json.h"
#include "model/control.h"
#include "model/measure.h"
#include "model/settings.h"
#include "model/verdict.h"
#include "snapshot/schema.h"

namespace muster::rule {

enum class ParamType : std::uint8_t { string, integer, number, boolean, string_list };
[[nodiscard]] std::string_view word_of(ParamType type);

using ParamValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

struct ParamSpec {
  std::string name;
  ParamType type = ParamType::string;
  ParamValue fallback;  // `default`
  std::string doc;
  std::optional<double> minimum, maximum;  // of integer and number
  std::vector<std::string> choices;        // of string, and of each item of string_list; empty: any
};

/// The parameters of one policy entry, complete: one value for each ParamSpec.
using Params = std::map<std::string, ParamValue>;

/// A value of a policy or of --param as the type that the rule wants; the error says what is wanted ("a whole number of at least 0").
[[nodiscard]] Result<ParamValue> parse_param_value(const ParamSpec& spec, const GivenValue& given);
[[nodiscard]] json::Value to_json(const ParamValue& value);

/// What a rule reads, resolved against the schema. Everything it needs to run is loaded before it is called.
struct Reads {
  std::set<std::pair<snapshot::Dataset, std::uint16_t>> fields;
  std::set<std::uint16_t> relations;         // those that its text names
  std::set<snapshot::Dataset> must;          // not complete → every subject is unknown
  std::set<snapshot::Dataset> may;           // not complete → touching it makes that subject unknown
};

struct Example {
  std::string note;
  json::Value given;
  Verdict want = Verdict::pass;
  std::optional<std::string> reason;  // the whole reason, when the example states it
  // What a finding must say besides: these members of `observed` (an object), and the whole of `expected`.
  std::optional<json::Value> observed, expected;
  std::optional<double> measure;
  std::uint32_t line = 0;
};

/// A file of lib/ that a rule requires, itself or through another: it decides verdicts as the rule's own text does.
struct LibraryFile {
  std::string file;  // as shown: "rules/lib/dates.lua", or "builtin:rules/lib/…"
  std::string sha256;
  std::uint64_t bytes = 0;
};

struct RuleInfo {
  std::string id, title, why, fix;
  Severity severity = Severity::medium;
  SubjectKind subject = SubjectKind::user;
  std::vector<ControlId> controls;
  std::vector<ParamSpec> params;  // sorted by name
  std::optional<MeasureSpec> measure;
  Reads reads;
  std::vector<Example> examples;
  std::vector<LibraryFile> libraries;  // sorted by file
  std::string file;    // as shown: "rules/keys/max_age.lua", or "builtin:rules/…"
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// A loaded rule; immutable, shared by all workers.
class Rule {
 public:
  Rule(RuleInfo info, std::string source, std::shared_ptr<const std::map<std::string, std::string>> library)
      : info_(std::move(info)), source_(std::move(source)), library_(std::move(library)) {}
  [[nodiscard]] const RuleInfo& info() const { return info_; }
  [[nodiscard]] const std::string& source() const { return source_; }
  /// rules/lib/<name>.lua by name: what `require` may load.
  [[nodiscard]] const std::map<std::string, std::string>& library() const { return *library_; }

 private:
  RuleInfo info_;
  std::string source_;
  std::shared_ptr<const std::map<std::string, std::string>> library_;
};

/// All rules by id.
using RuleSet = std::map<std::string, std::shared_ptr<const Rule>>;

/// Loads one rule from its text. `expected_id` is the id that its path demands (empty: not checked). nullopt with all problems reported otherwise.
[[nodiscard]] std::optional<Rule> load_rule(std::string_view text, const std::string& file, const std::string& expected_id,
                                            std::shared_ptr<const std::map<std::string, std::string>> library, Diagnostics& problems);

/// The shipped rules (embedded) and those of the folders, each folder/<family>/<name>.lua; two rules with one id are an error naming both. Library files are
/// those of <folder>/lib. `shown` maps a folder to how paths below it are printed.
struct RuleFolder {
  std::string path;
  std::string shown;
};
[[nodiscard]] RuleSet load_rules(const FileSystem& files, const std::vector<RuleFolder>& folders, Diagnostics& problems);

}  // namespace muster::rule
