#include "collect/endpoint.h"

namespace muster::collect {

Endpoint compliance_group_members_endpoint() {
  return {.order = 140,
          .name = "compliance_group_members",
          .provider = Provider::compliance,
          .dataset = snapshot::Dataset::group_members,
          .paging = Paging::by_token,
          .path = "/v1/compliance/groups/{group_id}/members",
          .limit = 1000,
          .parent = Parent::groups,
          .key = "user_id",
          .needs = "read:compliance_user_data, read:org_audit",
          .is_personal = true};
}

}  // namespace muster::collect
