// A control: a requirement of a framework that a rule supports, written `framework:id` ("soc2:CC6.2", "nist80053:AC-2(3)").
#pragma once

#include <string>

namespace muster {

struct ControlId {
  std::string framework;  // soc2, iso27001, nist80053, cis8, pci4, hipaa, or the user's own
  std::string id;
  [[nodiscard]] std::string text() const { return framework + ":" + id; }
  friend auto operator<=>(const ControlId&, const ControlId&) = default;
};

}  // namespace muster
