#include "reports/junit/test_suites.h"

#include <sstream>
#include <unordered_set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/text.h"

namespace muster::reports {
namespace {

struct Counts {
  unsigned long long tests = 0, failures = 0, errors = 0;
  void add(const Counts& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
  }
  void write(pugi::xml_node node) const {
    node.append_attribute("tests") = tests;
    node.append_attribute("failures") = failures;
    node.append_attribute("errors") = errors;
    node.append_attribute("skipped") = 0;
    node.append_attribute("time") = "0.000";
  }
};

Counts counts_of(const TestSuite& suite) {
  Counts counts;
  for (const TestCase& made : suite.cases) {
    ++counts.tests;
    if (made.outcome == TestCase::Outcome::failure) ++counts.failures;
    if (made.outcome == TestCase::Outcome::error) ++counts.errors;
  }
  return counts;
}

void add_case(pugi::xml_node node, const TestSuite& suite, const TestCase& made,
              std::unordered_set<std::string>& names) {
  pugi::xml_node test = node.append_child("testcase");
  const std::string base = make_visible(made.name);
  std::string name = base;
  for (int n = 2; !names.insert(name).second; ++n) name = fmt::format("{} #{}", base, n);
  test.append_attribute("name") = name.c_str();
  test.append_attribute("classname") = make_visible(suite.name).c_str();
  if (!made.file.empty()) {
    test.append_attribute("file") = make_visible(made.file).c_str();
    if (made.line > 0) test.append_attribute("line") = made.line;
  }
  test.append_attribute("time") = "0.000";
  if (made.outcome == TestCase::Outcome::passed) return;
  pugi::xml_node outcome =
      test.append_child(made.outcome == TestCase::Outcome::failure ? "failure" : "error");
  outcome.append_attribute("message") = make_visible(made.message).c_str();
  outcome.append_attribute("type") =
      made.outcome == TestCase::Outcome::failure ? "Example.differs" : "Example.wrong";
  outcome.text().set(make_visible(made.body, true).c_str());
}

}  // namespace

std::string render_test_suites(const std::string& name, const std::vector<TestSuite>& suites) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node root = document.append_child("testsuites");
  root.append_attribute("name") = make_visible(name).c_str();
  Counts total;
  for (const TestSuite& suite : suites) total.add(counts_of(suite));
  total.write(root);
  for (const TestSuite& suite : suites) {
    pugi::xml_node node = root.append_child("testsuite");
    node.append_attribute("name") = make_visible(suite.name).c_str();
    counts_of(suite).write(node);
    std::unordered_set<std::string> names;
    for (const TestCase& made : suite.cases) add_case(node, suite, made, names);
  }
  std::ostringstream out;
  document.save(out, " ", pugi::format_indent, pugi::encoding_utf8);
  return out.str();
}

}  // namespace muster::reports
