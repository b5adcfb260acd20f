#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_federation_rules_endpoint() {
  return {.order = 210,
          .name = "admin_federation_rules",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::federation_rules,
          .paging = Paging::by_token,
          .path = "/v1/organizations/federation_rules",
          .query = "include_archived=true",
          .limit = 100,
          .key = "id",
          .needs_oauth = true,
          .needs = "OAuth token with org:admin",
          .since = "2026-06"};
}

}  // namespace muster::collect
