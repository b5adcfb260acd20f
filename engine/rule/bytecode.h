// Reads the bytes that lua_dump writes (Lua 5.4 format) to answer two questions about a function without running it: which captured variables does it assign to,
// and which string constants does it hold. Nothing is ever loaded from bytecode.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::rule {

struct CapturedAssignment {
  std::string name;        // of the variable, as the source calls it
  std::uint32_t line = 0;
};
/// A field of a record compared by == with a text constant: `key.created_at == "2026-01-01"`, which is never true for a time.
struct ConstantComparison {
  std::string field;
  std::uint32_t line = 0;
};

struct FunctionFacts {
  /// Assignments, in the function or in those nested in it, to variables that exist before the function is called.
  std::vector<CapturedAssignment> captured;
  std::vector<ConstantComparison> comparisons;
  std::vector<std::string> strings;
};

/// nullopt when the bytes are not of the format that this build knows (then the caller must refuse the rule).
[[nodiscard]] std::optional<FunctionFacts> read_bytecode(std::string_view dump);

}  // namespace muster::rule
