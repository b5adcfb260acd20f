// The closed sets that everything shares: verdicts, severities, kinds of subject. The enumerator is the serialised word.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace muster {

enum class Verdict : std::uint8_t { pass, fail, waived, not_applicable, unknown, error };
inline constexpr std::array kVerdicts = {Verdict::pass,           Verdict::fail,    Verdict::waived,
                                         Verdict::not_applicable, Verdict::unknown, Verdict::error};

/// Ordered from grave to slight, so `a <= b` reads "a is at least as grave as b".
enum class Severity : std::uint8_t { critical, high, medium, low, info };
inline constexpr std::array kSeverities = {Severity::critical, Severity::high, Severity::medium, Severity::low, Severity::info};

/// What a rule can judge. `dataset` and `waiver` are muster's own records; `person` and `nonhuman` come from the roster.
enum class SubjectKind : std::uint8_t {
  organization, user, api_key, workspace, group, role, invite, service_account, compliance_key, person, nonhuman, dataset, waiver,
};
inline constexpr std::array kSubjectKinds = {
    SubjectKind::organization, SubjectKind::user,   SubjectKind::api_key,         SubjectKind::workspace,      SubjectKind::group,
    SubjectKind::role,         SubjectKind::invite, SubjectKind::service_account, SubjectKind::compliance_key, SubjectKind::person,
    SubjectKind::nonhuman,     SubjectKind::dataset, SubjectKind::waiver};

[[nodiscard]] std::string_view word_of(Verdict verdict);
[[nodiscard]] std::string_view word_of(Severity severity);
[[nodiscard]] std::string_view word_of(SubjectKind kind);
[[nodiscard]] std::optional<Verdict> parse_verdict(std::string_view word);
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view word);
[[nodiscard]] std::optional<SubjectKind> parse_subject_kind(std::string_view word);

/// How many subjects got which verdict. The six add up to the population.
struct Counts {
  std::array<std::uint64_t, kVerdicts.size()> of{};
  std::uint64_t& operator[](Verdict v) { return of[static_cast<std::size_t>(v)]; }
  std::uint64_t operator[](Verdict v) const { return of[static_cast<std::size_t>(v)]; }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (auto n : of) sum += n;
    return sum;
  }
  Counts& operator+=(const Counts& more) {
    for (std::size_t i = 0; i < of.size(); ++i) of[i] += more.of[i];
    return *this;
  }
  friend bool operator==(const Counts&, const Counts&) = default;
};

}  // namespace muster
