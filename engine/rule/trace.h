// Trace: what one evaluation did, seen from outside, for coverage and `rule explain`. Only an evaluator that
// was made with one pays for it; what is evaluated is the same rule in the same sandbox. Not thread-safe: one
// trace for one evaluator.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace muster::rule {

/// One thing that the rule read or asked, in the order in which it did.
struct Read {
  std::uint32_t line = 0;  // of the rule's file; 0: of another file
  std::string what;        // "api_key.expires_at", "user:count(\"keys\")"
  std::string of;          // id of the record
  std::string value;       // as JSON; empty when the reading itself decided the subject (see `raised`)
  bool raised = false;
};

struct Trace {
  bool wants_reads = false;  // else only verdicts are noted
  std::size_t max_reads = 400;

  std::vector<Read> reads;
  std::size_t reads_left_out = 0;
  std::vector<std::uint32_t>
      lines;  // of the rule's file, in the order of execution, each run of one line once (at most 10000)
  /// Where verdicts were made: the file, as the rule names it ("lib/words.lua" for a library's), and the
  /// line.
  std::vector<std::pair<std::string, std::uint32_t>> verdicts;
};

}  // namespace muster::rule
