#include "evaluate/nearest_rule.h"

#include <gtest/gtest.h>

namespace muster::evaluate {
namespace {

TEST(NearestRule, SaysWhatASlipWasMeantToBe) {
  const std::vector<std::string> names{"admins.count", "keys.max_age", "keys.no_expiry", "team_rule"};
  const struct {
    const char *given, *meant;
  } rows[] = {
      {"keys.no_expiri", "keys.no_expiry"},
      {"kyes.*", "keys.*"},
      {"kyes.max*", "keys.max*"},
      {"keys.min*", "keys.*"},  // the family is right, and nothing in it fits
      {"no_expirey", "keys.no_expiry"},
      {"admin", "admins.*"},
      {"keys", "keys.*"},
      {"team_rul", "team_rule"},
      {"billing.*", ""},
      {"*.no_expiri", ""},
      {"nothing", ""},
      {"", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(nearest_rule(row.given, names), row.meant) << row.given;
  EXPECT_EQ(nearest_rule("keys.*", {}), "");
}

}  // namespace
}  // namespace muster::evaluate
