#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_workspaces_endpoint() {
  return {.order = 60,
          .name = "admin_workspaces",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::workspaces,
          .paging = Paging::by_id,
          .path = "/v1/organizations/workspaces",
          .query = "include_archived=true&include_default=true",
          .limit = 1000,
          .key = "id",
          .needs = "Admin key"};
}

}  // namespace muster::collect
