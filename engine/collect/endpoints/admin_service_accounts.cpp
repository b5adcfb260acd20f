#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_service_accounts_endpoint() {
  return {.order = 190,
          .name = "admin_service_accounts",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::service_accounts,
          .paging = Paging::by_token,
          .path = "/v1/organizations/service_accounts",
          .query = "include_archived=true",
          .limit = 100,
          .key = "id",
          .needs_oauth = true,
          .needs = "OAuth token with org:admin",
          .since = "2026-06"};
}

}  // namespace muster::collect
