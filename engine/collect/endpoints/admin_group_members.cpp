#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_group_members_endpoint() {
  return {.order = 100,
          .name = "admin_group_members",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::group_members,
          .paging = Paging::by_token,
          .path = "/v1/organizations/rbac_groups/{group_id}/members",
          .limit = 1000,
          .parent = Parent::groups,
          .key = "user_id",
          .needs = "Admin key; or read:rbac_groups, read:org_audit",
          .since = "2026-07",
          .is_personal = true};
}

}  // namespace muster::collect
