#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_invites_endpoint() {
  return {.order = 50,
          .name = "admin_invites",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::invites,
          .paging = Paging::by_id,
          .path = "/v1/organizations/invites",
          .limit = 1000,
          .key = "id",
          .needs = "Admin key; or read:members, read:org_audit",
          .is_personal = true};
}

}  // namespace muster::collect
