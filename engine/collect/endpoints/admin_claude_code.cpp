#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_claude_code_endpoint() {
  return {.order = 270,
          .name = "admin_claude_code",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::claude_code_usage,
          .paging = Paging::by_token,
          .path = "/v1/organizations/usage_report/claude_code",
          .limit = 1000,
          .parent = Parent::days,
          .needs = "Admin key",
          .is_personal = true};
}

}  // namespace muster::collect
