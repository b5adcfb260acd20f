#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_rate_limits_endpoint() {
  return {.order = 230,
          .name = "admin_rate_limits",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::rate_limits,
          .paging = Paging::by_token,
          .path = "/v1/organizations/rate_limits",
          .needs = "Admin key",
          .since = "2026"};
}

}  // namespace muster::collect
