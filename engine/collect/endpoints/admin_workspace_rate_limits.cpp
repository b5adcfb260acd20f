#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_workspace_rate_limits_endpoint() {
  return {.order = 240,
          .name = "admin_workspace_rate_limits",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::rate_limits,
          .paging = Paging::by_token,
          .path = "/v1/organizations/workspaces/{workspace_id}/rate_limits",
          .parent = Parent::workspaces,
          .needs = "Admin key",
          .since = "2026"};
}

}  // namespace muster::collect
