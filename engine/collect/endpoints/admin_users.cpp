#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_users_endpoint() {
  return {.order = 30,
          .name = "admin_users",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::users,
          .paging = Paging::by_id,
          .path = "/v1/organizations/users",
          .limit = 1000,
          .key = "id",
          .needs = "Admin key; or read:members, read:org_audit",
          .is_personal = true};
}

}  // namespace muster::collect
