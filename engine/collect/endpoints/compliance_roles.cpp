#include "collect/endpoint.h"

namespace muster::collect {

Endpoint compliance_roles_endpoint() {
  return {.order = 150,
          .name = "compliance_roles",
          .provider = Provider::compliance,
          .dataset = snapshot::Dataset::roles,
          .paging = Paging::by_token,
          .path = "/v1/compliance/organizations/{organization_id}/roles",
          .limit = 1000,
          .parent = Parent::organizations,
          .key = "id",
          .needs = "read:compliance_org_data, read:org_audit"};
}

}  // namespace muster::collect
