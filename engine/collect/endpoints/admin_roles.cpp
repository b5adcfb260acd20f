#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_roles_endpoint() {
  return {.order = 110,
          .name = "admin_roles",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::roles,
          .paging = Paging::by_token,
          .path = "/v1/organizations/rbac_roles",
          .limit = 1000,
          .key = "id",
          .needs = "Admin key; or read:members, read:org_audit",
          .since = "2026-07"};
}

}  // namespace muster::collect
