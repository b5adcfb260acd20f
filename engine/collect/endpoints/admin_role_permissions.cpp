#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_role_permissions_endpoint() {
  return {.order = 120,
          .name = "admin_role_permissions",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::role_permissions,
          .paging = Paging::by_token,
          .path = "/v1/organizations/rbac_roles/{role_id}/permissions",
          .limit = 1000,
          .parent = Parent::roles,
          .needs = "Admin key; or read:members, read:org_audit",
          .since = "2026-07"};
}

}  // namespace muster::collect
