#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_federation_issuers_endpoint() {
  return {.order = 200,
          .name = "admin_federation_issuers",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::federation_issuers,
          .paging = Paging::by_token,
          .path = "/v1/organizations/federation_issuers",
          .query = "include_archived=true",
          .limit = 100,
          .key = "id",
          .needs_oauth = true,
          .needs = "OAuth token with org:admin",
          .since = "2026-06"};
}

}  // namespace muster::collect
