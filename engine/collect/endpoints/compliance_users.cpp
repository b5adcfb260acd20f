#include "collect/endpoint.h"

namespace muster::collect {

Endpoint compliance_users_endpoint() {
  return {.order = 40,
          .name = "compliance_users",
          .provider = Provider::compliance,
          .dataset = snapshot::Dataset::users,
          .paging = Paging::by_token,
          .path = "/v1/compliance/organizations/{organization_id}/users",
          .limit = 1000,
          .parent = Parent::organizations,
          .key = "id",
          .needs = "read:compliance_user_data, read:org_audit",
          .is_personal = true};
}

}  // namespace muster::collect
