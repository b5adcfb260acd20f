#include "reports/populations.h"

#include <algorithm>

#include <csv.h>

#include "base/text.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

bool is_formula_start(char c) {
  return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r';
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

void append_csv_cell(std::string& out, std::string_view text) {
  if (text.empty()) return;
  std::string changed;
  const bool is_formula = is_formula_start(text.front());
  if (is_formula || !is_plain(text)) {
    changed = (is_formula ? "'" : "") + make_visible(text);
    text = changed;
  }
  if (text.find_first_of(",\"") == std::string_view::npos && text.front() != ' ' && text.back() != ' ') {
    out += text;
    return;
  }
  const std::size_t begin = out.size();
  out.resize(begin + 2 * text.size() + 2);
  out.resize(begin + csv_write(out.data() + begin, out.size() - begin, text.data(), text.size()));
}

void render_population(const Run& run, const RuleResult& rule, Output& out) {
  std::string buffer = "kind,id,label,verdict,reason\r\n";
  const auto found = run.subjects.find(rule.subject);
  // The end of a row is the same for a whole run of verdicts.
  const void* last_reason = nullptr;
  Verdict last_verdict = Verdict::pass;
  std::string tail;
  const std::string head = std::string(word_of(rule.subject)) + ",";
  for_each_subject(rule,
                   [&](std::uint32_t subject, Verdict verdict, std::string_view reason, const Finding*) {
                     const Subjects& subjects = found->second;
                     buffer += head;
                     append_csv_cell(buffer, subjects.id[subject]);
                     buffer += ',';
                     append_csv_cell(buffer, subjects.label[subject]);
                     if (tail.empty() || last_reason != reason.data() || last_verdict != verdict) {
                       last_reason = reason.data();
                       last_verdict = verdict;
                       tail = "," + std::string(word_of(verdict)) + ",";
                       append_csv_cell(tail, reason);
                       tail += "\r\n";
                     }
                     buffer += tail;
                     if (buffer.size() >= kPieceBytes) {
                       out.write(buffer);
                       buffer.clear();
                     }
                   });
  out.write(buffer);
}

}  // namespace muster::reports
