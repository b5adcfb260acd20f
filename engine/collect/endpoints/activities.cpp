#include "collect/endpoint.h"

namespace muster::collect {

Endpoint activities_endpoint() {
  return {.order = 280,
          .name = "activities",
          .provider = Provider::any,
          .dataset = snapshot::Dataset::activities,
          .paging = Paging::by_id,
          .path = "/v1/compliance/activities",
          .limit = 5000,
          .key = "id",
          .needs =
              "read:compliance_activities, read:org_audit; or an Admin key made after the Compliance API was "
              "enabled",
          .is_personal = true};
}

}  // namespace muster::collect
