// Mutants of a rule: its text with one token swapped, to see whether some example would notice. Only code is
// mutated (check, and the helpers of the file), never what describes the rule. Pure; the order is that of the
// text.
#pragma once

#include <string>
#include <vector>

#include "rule/syntax.h"

namespace muster::rule {

struct Mutant {
  std::uint32_t token = 0;
  std::string replacement;  // instead of the token; empty: it is taken away
  /// The explanation of a comment `-- equivalent REPLACEMENT: reason` on its line or the line above: the
  /// author says that no example can tell it from the rule.
  std::string equivalent;
};

/// `==` and `~=` for each other; `<` `<=` `>` `>=` to their neighbour and their opposite; `and` and `or` for
/// each other; `not` away; a number to the one above, the one below, and 0; `true` and `false` for each
/// other.
[[nodiscard]] std::vector<Mutant> make_mutants(const Syntax& syntax, const RuleParts& parts);
/// The whole text with the swap done.
[[nodiscard]] std::string apply_mutant(const Syntax& syntax, const Mutant& mutant);
/// "`<=` instead of `<`", "without `not`".
[[nodiscard]] std::string describe_mutant(const Syntax& syntax, const Mutant& mutant);
/// Lines of `-- equivalent …` comments that no mutant answers to (a slip, or the line was changed).
[[nodiscard]] std::vector<std::uint32_t> stray_equivalents(const Syntax& syntax, const RuleParts& parts);

/// The text with a line break before each verdict site, so that a site is known by its line; and the line of
/// each site in that text, in the order of the sites.
struct SiteLines {
  std::string text;
  std::vector<std::uint32_t> lines;
};
[[nodiscard]] SiteLines break_before_sites(const Syntax& syntax, const std::vector<const Node*>& sites);

}  // namespace muster::rule
