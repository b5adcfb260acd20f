#include "reports/findings.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/digest.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kReasonBytes = 600;
constexpr std::size_t kValueBytes = 400;
constexpr std::size_t kRelated = 5;
constexpr std::string_view kBuiltin = "builtin:";

}  // namespace

std::vector<Listed> listed_findings(const RuleResult& rule, std::size_t most) {
  std::vector<Listed> all;
  for (const Verdict verdict : {Verdict::fail, Verdict::error, Verdict::unknown, Verdict::waived}) {
    Listed listed{verdict, {}, rule.counts[verdict]};
    for (const Finding& finding : rule.findings) {
      if (listed.shown.size() == most || listed.more == 0) break;
      if (finding.verdict != verdict) continue;
      listed.shown.push_back(&finding);
      --listed.more;
    }
    const bool is_entry_alone =
        (verdict == Verdict::fail && standing_of(rule) == Standing::failed && rule.counts[verdict] == 0) ||
        (verdict == Verdict::unknown && standing_of(rule) == Standing::undecided &&
         rule.counts[Verdict::unknown] + rule.counts[Verdict::error] == 0);
    if (!listed.shown.empty() || listed.more > 0 || is_entry_alone) all.push_back(std::move(listed));
  }
  return all;
}

std::size_t most_of_each_rule(const Run& run, std::size_t all, std::size_t each) {
  constexpr std::size_t kFewest = 5;
  return std::clamp(all / std::max<std::size_t>(run.rules.size(), 1), kFewest, each);
}

std::string_view words_of(Verdict verdict) {
  return verdict == Verdict::not_applicable ? "not applicable" : word_of(verdict);
}

std::string account_of(const Run& run, const Finding& finding) {
  std::string text = visible_line(finding.reason, kReasonBytes);
  if (!finding.observed.empty()) text += "; observed: " + readable_json(finding.observed, kValueBytes);
  if (!finding.expected.empty()) text += "; expected: " + readable_json(finding.expected, kValueBytes);
  const std::size_t shown = std::min(finding.related.size(), kRelated);
  for (std::size_t i = 0; i < shown; ++i)
    text += (i == 0 ? "; with " : ", ") + subject_name(finding.related[i].label, finding.related[i].id);
  if (shown < finding.related.size()) text += fmt::format(" and {} more", finding.related.size() - shown);
  if (finding.waiver) {
    const WaiverResult& waiver = run.waivers[*finding.waiver];
    text += "; waived by " + waiver_name(waiver);
    if (!waiver.reason.empty()) text += ": " + visible_line(waiver.reason, kReasonBytes);
  }
  return text;
}

std::string rest_of(const Run& run, const RuleResult& rule, const Listed& listed, std::string_view evidence,
                    std::string_view population_file) {
  if (rule.whole || listed.more == 0) return headline(run, rule);
  const std::string path = evidence_path(evidence, rule, population_file);
  std::string_view words = words_of(listed.verdict);
  if (listed.verdict == Verdict::error) words = "in error";
  const bool one = listed.more == 1;
  const std::string be = listed.verdict == Verdict::fail ? std::string(one ? "fails" : "fail")
                                                         : fmt::format("{} {}", one ? "is" : "are", words);
  return fmt::format("{}{} {}: {}", listed.more, listed.shown.empty() ? "" : " more", be,
                     path.empty() ? "results.json" : path);
}

std::string entry_name(const RuleResult& rule) {
  return visible_line(rule.policy, 200) + "/" + visible_line(rule.as, 200);
}

std::string title_of(const RuleResult& rule) {
  return visible_line(rule.title.empty() ? rule.as : rule.title, 300);
}

std::string finding_key(const Run& run, const RuleResult& rule, const Finding& finding) {
  std::string identity;
  for (const std::string_view part :
       {std::string_view(rule.policy), std::string_view(rule.as), word_of(rule.subject)})
    identity.append(part).push_back('\0');
  identity += run.subjects.at(rule.subject).id[finding.subject];
  return sha256_hex(identity);
}

std::string uri_of(std::string_view path) {
  std::string out;
  if (path.starts_with(kBuiltin)) {
    out = kBuiltin;
    path.remove_prefix(kBuiltin.size());
  }
  // Two slashes would name a host.
  while (path.starts_with("//")) path.remove_prefix(1);
  for (const char c : path) {
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         std::string_view("-._~/").find(c) != std::string_view::npos;
    if (is_kept)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

bool has_source(const RuleResult& rule) { return !rule.file.empty() && !rule.file.starts_with(kBuiltin); }

}  // namespace muster::reports
