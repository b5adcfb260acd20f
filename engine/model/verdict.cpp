#include "model/verdict.h"

namespace muster {
namespace {

template <class Words>
auto find_word(const Words& all, std::string_view word) -> std::optional<typename Words::value_type> {
  for (auto each : all)
    if (word_of(each) == word) return each;
  return std::nullopt;
}

}  // namespace

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "fail";
    case Verdict::waived: return "waived";
    case Verdict::not_applicable: return "not_applicable";
    case Verdict::unknown: return "unknown";
    case Verdict::error: return "error";
  }
  return "error";
}

std::string_view word_of(Severity severity) {
  switch (severity) {
    case Severity::critical: return "critical";
    case Severity::high: return "high";
    case Severity::medium: return "medium";
    case Severity::low: return "low";
    case Severity::info: return "info";
  }
  return "critical";
}

std::string_view word_of(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::organization: return "organization";
    case SubjectKind::user: return "user";
    case SubjectKind::api_key: return "api_key";
    case SubjectKind::workspace: return "workspace";
    case SubjectKind::group: return "group";
    case SubjectKind::role: return "role";
    case SubjectKind::invite: return "invite";
    case SubjectKind::service_account: return "service_account";
    case SubjectKind::compliance_key: return "compliance_key";
    case SubjectKind::person: return "person";
    case SubjectKind::nonhuman: return "nonhuman";
    case SubjectKind::dataset: return "dataset";
    case SubjectKind::waiver: return "waiver";
  }
  return "";
}

std::optional<Verdict> parse_verdict(std::string_view word) { return find_word(kVerdicts, word); }
std::optional<Severity> parse_severity(std::string_view word) { return find_word(kSeverities, word); }
std::optional<SubjectKind> parse_subject_kind(std::string_view word) {
  return find_word(kSubjectKinds, word);
}

}  // namespace muster
