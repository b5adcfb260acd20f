#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_api_keys_endpoint() {
  return {.order = 80,
          .name = "admin_api_keys",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::api_keys,
          .paging = Paging::by_id,
          .path = "/v1/organizations/api_keys",
          .limit = 1000,
          .key = "id",
          .needs = "Admin key"};
}

}  // namespace muster::collect
