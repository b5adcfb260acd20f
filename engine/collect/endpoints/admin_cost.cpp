#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_cost_endpoint() {
  return {.order = 260,
          .name = "admin_cost",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::cost,
          .paging = Paging::buckets,
          .path = "/v1/organizations/cost_report",
          .query = "group_by[]=workspace_id&group_by[]=description",
          .limit = 31,
          .needs = "Admin key"};
}

}  // namespace muster::collect
