#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_workspace_members_endpoint() {
  return {.order = 70,
          .name = "admin_workspace_members",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::workspace_members,
          .paging = Paging::by_id,
          .path = "/v1/organizations/workspaces/{workspace_id}/members",
          .limit = 1000,
          .parent = Parent::workspaces,
          .key = "user_id",
          .needs = "Admin key"};
}

}  // namespace muster::collect
