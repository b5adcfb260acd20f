#include "reports/junit/shape.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/text.h"

namespace muster::reports {
namespace {

struct Totals {
  std::uint64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  void add(const Totals& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
  }
};

class Shape {
 public:
  Shape(const JunitText& file, const Run& run) : file_(file), run_(run) {}

  Result<Totals> totals() {
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_buffer(file_.text.data(), file_.text.size());
    if (!parsed) return wrong(fmt::format("it is no XML: {}", parsed.description()));
    const pugi::xml_node root = document.document_element();
    if (std::string_view(root.name()) != "testsuites") return wrong("its root is not testsuites");
    Totals all;
    for (const pugi::xml_node suite : root.children()) {
      if (std::string_view(suite.name()) != "testsuite")
        return wrong(fmt::format("testsuites holds {}", make_visible(suite.name())));
      const auto in_suite = suite_totals(suite);
      if (!in_suite) return in_suite;
      all.add(*in_suite);
    }
    if (const Status counted = check_counts(root, all); !counted) return tl::unexpected(counted.error());
    return all;
  }

 private:
  [[nodiscard]] tl::unexpected<Error> wrong(const std::string& why) const {
    return fail(ErrorCode::evidence_file, fmt::format("{}: {}", file_.name, why));
  }

  Result<Totals> suite_totals(pugi::xml_node suite) const {
    Totals totals;
    for (const pugi::xml_node node : suite.children()) {
      const std::string_view name = node.name();
      if (name == "properties") {
        if (const Status fine = check_properties(node); !fine) return tl::unexpected(fine.error());
        continue;
      }
      if (name == "system-out" || name == "system-err") continue;
      if (name != "testcase") return wrong(fmt::format("a testsuite holds {}", make_visible(name)));
      if (*node.attribute("name").value() == '\0' || *node.attribute("classname").value() == '\0')
        return wrong("a testcase has no name or no classname");
      Totals one{1, 0, 0, 0};
      for (const pugi::xml_node child : node.children()) {
        const std::string_view outcome = child.name();
        one.failures += outcome == "failure" ? 1 : 0;
        one.errors += outcome == "error" ? 1 : 0;
        one.skipped += outcome == "skipped" ? 1 : 0;
      }
      if (one.failures + one.errors + one.skipped > 1)
        return wrong(fmt::format("the testcase {} has several outcomes",
                                 make_visible(node.attribute("name").value())));
      totals.add(one);
    }
    if (const Status counted = check_counts(suite, totals); !counted) return tl::unexpected(counted.error());
    return totals;
  }

  /// Attributes that are there; the narrower files have fewer.
  [[nodiscard]] Status check_counts(pugi::xml_node node, const Totals& counted) const {
    const std::pair<const char*, std::uint64_t> counts[] = {{"tests", counted.tests},
                                                            {"failures", counted.failures},
                                                            {"errors", counted.errors},
                                                            {"skipped", counted.skipped}};
    for (const auto& [name, count] : counts) {
      const pugi::xml_attribute said = node.attribute(name);
      if (said && said.value() != std::to_string(count))
        return wrong(fmt::format("{} says {}=\"{}\", and there are {}", node.name(), name,
                                 make_visible(said.value()), count));
    }
    return {};
  }

  [[nodiscard]] Status check_properties(pugi::xml_node properties) const {
    const std::pair<const char*, std::string> wanted[] = {{"run.id", "sha256:" + run_.id},
                                                          {"muster.outcome", run_.outcome()}};
    for (const pugi::xml_node property : properties.children("property")) {
      for (const auto& [name, value] : wanted)
        if (std::string_view(property.attribute("name").value()) == name &&
            property.attribute("value").value() != value)
          return wrong(fmt::format("its {} is not that of results.json", name));
    }
    return {};
  }

  const JunitText& file_;
  const Run& run_;
};

}  // namespace

Status check_junit_shape(const std::vector<JunitText>& files, const Run& run) {
  Totals all;
  for (const JunitText& file : files) {
    const auto totals = Shape(file, run).totals();
    if (!totals) return tl::unexpected(totals.error());
    all.add(*totals);
  }
  std::uint64_t failed = 0, undecided = 0;
  for (const RuleResult& rule : run.rules) {
    failed += rule.counts[Verdict::fail];
    undecided += rule.counts[Verdict::unknown] + rule.counts[Verdict::error];
  }
  const std::string name = files.empty() ? "junit.xml" : files.front().name;
  // A case of a rule that both failed and was undecided has one outcome.
  if (failed > 0 && all.failures + all.errors == 0)
    return fail(ErrorCode::evidence_file,
                fmt::format("{}: it has no failure, and results.json has {}", name, failed));
  if (all.failures > 0 && failed == 0)
    return fail(ErrorCode::evidence_file,
                fmt::format("{}: it has {} failures, and results.json has none", name, all.failures));
  if (run.exit != ExitCode::ok && failed + undecided > 0 && all.failures + all.errors == 0)
    return fail(ErrorCode::evidence_file, fmt::format("{}: it is green, and the run was not", name));
  return {};
}

}  // namespace muster::reports
