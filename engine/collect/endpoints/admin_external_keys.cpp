#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_external_keys_endpoint() {
  return {.order = 220,
          .name = "admin_external_keys",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::external_keys,
          .paging = Paging::by_token,
          .path = "/v1/organizations/external_keys",
          .limit = 100,
          .key = "id",
          .needs = "Admin key",
          .since = "2026"};
}

}  // namespace muster::collect
