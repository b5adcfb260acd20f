#include <gtest/gtest.h>

#include "base/json.h"

namespace muster {
namespace {

TEST(Json, RoundTrips) { EXPECT_EQ(json::dump(*json::parse(R"({"a":[1,2.5,"x"],"b":null})")), R"({"a":[1,2.5,"x"],"b":null})"); }

}  // namespace
}  // namespace muster
