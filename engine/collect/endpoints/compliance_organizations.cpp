#include "collect/endpoint.h"

namespace muster::collect {

Endpoint compliance_organizations_endpoint() {
  return {.order = 20,
          .name = "compliance_organizations",
          .provider = Provider::compliance,
          .dataset = snapshot::Dataset::organizations,
          .paging = Paging::by_token,
          .path = "/v1/compliance/organizations",
          .limit = 1000,
          .key = "uuid",
          .needs = "read:compliance_org_data, read:org_audit"};
}

}  // namespace muster::collect
