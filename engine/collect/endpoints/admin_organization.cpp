#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_organization_endpoint() {
  return {.order = 10,
          .name = "admin_organization",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::organizations,
          .paging = Paging::single,
          .path = "/v1/organizations/me",
          .key = "id",
          .needs = "Admin key; or read:members, read:org_audit"};
}

}  // namespace muster::collect
