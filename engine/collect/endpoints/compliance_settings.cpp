#include "collect/endpoint.h"

namespace muster::collect {

Endpoint compliance_settings_endpoint() {
  return {.order = 170,
          .name = "compliance_settings",
          .provider = Provider::compliance,
          .dataset = snapshot::Dataset::settings,
          .paging = Paging::settings,
          .path = "/v1/compliance/organizations/{organization_id}/settings",
          .parent = Parent::organizations,
          .needs = "read:compliance_org_data, read:org_audit",
          .since = "2026-06"};
}

}  // namespace muster::collect
