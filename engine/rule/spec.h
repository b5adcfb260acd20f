// Spec files: `*_spec.lua` beside rules, with describe, it and assert as Lua people know them, for tests that
// examples cannot say: functions of lib/, and rules over many made-up worlds. They run in the sandbox of the
// rules, with the same budgets; `now` is a fixed instant. `judge(rule, given)` judges a `given` as examples
// are judged.
//
//   describe("keys.max_age", function()
//     it("counts from the creation", function()
//       local result = judge("keys.max_age", { api_key = { status = "active", created_at = "2025-01-01" } })
//       assert.equal("fail", result.verdict)
//     end)
//   end)
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "base/json.h"
#include "base/result.h"
#include "rule/rule.h"

namespace muster::rule {

struct SpecSource {
  std::string id;    // "keys.max_age" of keys/max_age_spec.lua
  std::string file;  // as shown
  std::string text;
  std::shared_ptr<const std::map<std::string, std::string>> library;
};
/// The shipped ones (embedded) and those of the folders, in the order of their names.
[[nodiscard]] std::vector<SpecSource> load_specs(const FileSystem& files,
                                                 const std::vector<RuleFolder>& folders,
                                                 Diagnostics& problems);

struct SpecVerdict {
  std::string verdict, reason;
  std::string observed, expected;  // JSON; may be empty
  std::optional<double> measure;   // of a fail
};
/// Judges `given` by the rule of that id; the error's message is shown to the author as the reason why the
/// test fails.
using SpecJudge = std::function<Result<SpecVerdict>(const std::string& rule, const json::Value& given)>;

struct SpecTest {
  std::string name;  // "keys.max_age counts from the creation"
  std::uint32_t line = 0;
  std::string failure;  // with file and line; empty: it passed
};
struct SpecResult {
  std::vector<SpecTest> tests;  // in the order of the file
  /// The file as a whole: it does not load, or has no test.
  std::vector<Error> problems;
};
[[nodiscard]] SpecResult run_spec(const SpecSource& spec, const SpecJudge& judge);

}  // namespace muster::rule
