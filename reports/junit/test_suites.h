// Test results that are no run: the examples and spec files of rules, for CI systems. The shape is that of
// junit.h's wider files, without anything that varies (time="0.000", no timestamp). Texts may hold anything;
// they are made visible here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::reports {

struct TestCase {
  enum class Outcome : std::uint8_t { passed, failure, error };
  std::string name;
  std::string file;
  std::uint32_t line = 0;
  Outcome outcome = Outcome::passed;
  std::string message, body;  // of failure and error
};
struct TestSuite {
  std::string name;
  std::vector<TestCase> cases;
};

/// One file. A second case of one name in a suite gets " #2", for readers drop it otherwise.
[[nodiscard]] std::string render_test_suites(const std::string& name, const std::vector<TestSuite>& suites);

}  // namespace muster::reports
