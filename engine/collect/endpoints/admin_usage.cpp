#include "collect/endpoint.h"

namespace muster::collect {

Endpoint admin_usage_endpoint() {
  return {.order = 250,
          .name = "admin_usage",
          .provider = Provider::admin,
          .dataset = snapshot::Dataset::usage,
          .paging = Paging::buckets,
          .path = "/v1/organizations/usage_report/messages",
          .query = "bucket_width=1d&group_by[]=model&group_by[]=workspace_id&group_by[]=api_key_id",
          .limit = 31,
          .needs = "Admin key"};
}

}  // namespace muster::collect
