// Frameworks' tables and attestations: what is read, and what is refused.
#include "policy/controls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "support.h"

namespace muster::policy {
namespace {

using testing::HasSubstr;

std::optional<std::vector<Attestation>> attestations(const std::string& text, Diagnostics& problems) {
  MemoryFileSystem files;
  files.add("a.yaml", text);
  return load_attestations(files, "a.yaml", "a.yaml", problems);
}

TEST(Frameworks, EveryShippedTableIsReadAndIsNamedAsItsFile) {
  Diagnostics problems;
  const auto frameworks = load_frameworks(problems);
  EXPECT_FALSE(problems.has_errors()) << problems.render();
  std::vector<std::string> names;
  for (const Framework& framework : frameworks) {
    names.push_back(framework.id);
    for (const FrameworkControl& control : framework.controls)
      EXPECT_EQ(control.place.file, "builtin:policies/frameworks/" + framework.id + ".yaml");
  }
  EXPECT_THAT(names, testing::ElementsAre("cis8", "hipaa", "iso27001", "nist80053", "pci4", "soc2"));
}

TEST(Frameworks, AStatementBelongsToItsControlAndAnEnhancementIsItsOwn) {
  Diagnostics problems;
  const auto frameworks = load_frameworks(problems);
  const Framework& nist = *find_framework(frameworks, "nist80053");
  EXPECT_EQ(nist.find("AC-2 d"), nist.find("AC-2"));
  EXPECT_NE(nist.find("AC-2(3) a"), nist.find("AC-2"));
  EXPECT_EQ(nist.find("AC-2(3) a"), nist.find("AC-2(3)"));
  EXPECT_EQ(nist.find("AC-99"), nullptr);
  EXPECT_EQ(nist.find("AC-"), nullptr);
  EXPECT_EQ(nist.find(""), nullptr);
  EXPECT_EQ(find_framework(frameworks, "soc3"), nullptr);
}

TEST(Attestations, ReadsEveryKeyAndCountsMonths) {
  Diagnostics problems;
  const auto read = attestations(
      "attestations:\n"
      "  - id: AT-1\n"
      "    controls: [soc2:CC6.4, \"hipaa:164.308(a)(2)\"]\n"
      "    statement: The offices have readers for badges.\n"
      "    owner: dana@northwind.example\n"
      "    date: 2026-08-31\n"
      "    frequency: half-yearly\n"
      "    evidence: {link: \"https://wiki.example/badges\", sha256: " +
          std::string(64, 'a') +
          "}\n"
          "  - {id: AT-2, controls: soc2:CC6.8, statement: s, date: 2026-11-30, frequency: quarterly}\n"
          "  - {id: AT-3, controls: soc2:CC6.8, statement: s, owner: ~, date: 2024-02-29, frequency: "
          "yearly}\n"
          "  - {id: AT-4, controls: soc2:CC6.8, statement: s, owner: o, date: 2026-12-15, frequency: "
          "monthly}\n"
          "  - {id: AT-5, controls: soc2:CC6.8, statement: s, owner: o, date: 2026-01-01, expires: "
          "2026-01-01}\n",
      problems);
  ASSERT_TRUE(read) << problems.render();
  ASSERT_EQ(read->size(), 5u);
  EXPECT_EQ((*read)[0].controls[1].text(), "hipaa:164.308(a)(2)");
  EXPECT_EQ((*read)[0].evidence[0].link, "https://wiki.example/badges");
  std::vector<std::string> ends;
  for (const Attestation& each : *read) ends.push_back(format_date(*each.expires));
  EXPECT_THAT(ends,
              testing::ElementsAre("2027-02-28", "2027-02-28", "2025-02-28", "2027-01-15", "2026-01-01"));
  EXPECT_EQ((*read)[2].owner, "");
}

TEST(Attestations, ReportEveryProblemAtOnce) {
  Diagnostics problems;
  EXPECT_FALSE(attestations(
      "- {id: A, controls: [CC6.4], statement: s, owner: o, date: 2026-01-01, frequency: weekly}\n"
      "- {id: A, controls: [soc2:X], statement: s, owner: o, date: 2026-02-01, expires: 2026-01-01}\n"
      "- {id: C, controls: [soc2:X, soc2:X], statement: s, owner: o, date: 2026-02-01}\n"
      "- {id: D, controls: [], statement: s, date: soon, frequency: yearly, expires: 2027-01-01}\n"
      "- {id: E, controls: soc2:X, statement: s, date: 2026-01-01, frequency: yearly, evidence: [{link: l, "
      "sha256: abc}], until: 1}\n",
      problems));
  const std::string text = problems.render();
  for (const char* part :
       {"a framework, a colon and an id: soc2:CC6.4", "weekly", "two attestations have the id",
        "the attestation expires before it was made, on 2026-02-01", "the control soc2:X stands twice",
        "an attestation has no end", "`frequency` and `expires` both say when the attestation ends",
        "64 hexadecimal digits", "until"})
    EXPECT_THAT(text, HasSubstr(part));
}

}  // namespace
}  // namespace muster::policy
