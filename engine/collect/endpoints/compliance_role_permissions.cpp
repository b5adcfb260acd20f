#include "collect/endpoint.h"

namespace muster::collect {

Endpoint compliance_role_permissions_endpoint() {
  return {.order = 160,
          .name = "compliance_role_permissions",
          .provider = Provider::compliance,
          .dataset = snapshot::Dataset::role_permissions,
          .paging = Paging::by_token,
          .path = "/v1/compliance/organizations/{organization_id}/roles/{role_id}/permissions",
          .limit = 1000,
          .parent = Parent::roles,
          .needs = "read:compliance_org_data, read:org_audit"};
}

}  // namespace muster::collect
