#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_compliance_settings_endpoint() {
  return {.order = 180,
          .name = "admin_compliance_settings",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::compliance_settings,
          .paging = Paging::single,
          .path = "/v1/organizations/compliance_settings",
          .needs = "Admin key",
          .since = "2026"};
}

}  // namespace muster::collect
