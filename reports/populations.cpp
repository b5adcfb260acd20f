#include "reports/populations.h"

#include <array>
#include <cstdint>

#include <csv.h>

#include "base/text.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

bool is_formula_start(char c) {
  return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r';
}

enum CellClass : std::uint8_t { kPlain = 0, kNeedsQuotes = 1, kNotPrintable = 2 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0; c < classes.size(); ++c)
    classes[c] = c < 0x20 || c >= 0x7F ? kNotPrintable : kPlain;
  classes[','] = classes['"'] = kNeedsQuotes;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

/// The classes of all bytes, or-ed. Population files hold a cell for everything that was judged: this loop is
/// most of their cost.
std::uint8_t classes_of(std::string_view text) {
  std::uint8_t seen = kPlain;
  for (char c : text) seen |= kClasses[static_cast<unsigned char>(c)];
  return seen;
}

}  // namespace

void append_csv_cell(std::string& out, std::string_view text) {
  if (text.empty()) return;
  std::string changed;
  std::uint8_t classes = classes_of(text);
  const bool is_formula = is_formula_start(text.front());
  if (is_formula || (classes & kNotPrintable) != 0) {
    changed = (is_formula ? "'" : "") + make_visible(text);
    text = changed;
    classes = classes_of(text);
  }
  if ((classes & kNeedsQuotes) == 0 && text.front() != ' ' && text.back() != ' ') {
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
