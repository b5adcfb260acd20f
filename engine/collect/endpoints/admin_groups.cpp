#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_groups_endpoint() {
  return {.order = 90,
          .name = "admin_groups",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::groups,
          .paging = Paging::by_token,
          .path = "/v1/organizations/rbac_groups",
          .limit = 1000,
          .key = "id",
          .needs = "Admin key; or read:rbac_groups, read:org_audit",
          .since = "2026-07"};
}

}  // namespace muster::collect
