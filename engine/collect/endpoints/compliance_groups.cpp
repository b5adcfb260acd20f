#include "collect/endpoint.h"

namespace muster::collect {

Endpoint compliance_groups_endpoint() {
  return {.order = 130,
          .name = "compliance_groups",
          .provider = Provider::compliance,
          .dataset = snapshot::Dataset::groups,
          .paging = Paging::by_token,
          .path = "/v1/compliance/groups",
          .limit = 1000,
          .key = "id",
          .needs = "read:compliance_org_data, read:org_audit"};
}

}  // namespace muster::collect
