#include "age.h"

#include "call.h"

namespace simulator {
namespace {

using muster::json::Object;
using muster::json::Value;

void make_old(Thing thing, Value& object) {
  switch (thing) {
    case Thing::directory_user: erase(object, "organization_role"); break;
    case Thing::invite:
      erase(object, "accepted_at");
      erase(object, "rbac_group_ids");
      break;
    case Thing::workspace:
      for (const std::string_view member : {"data_residency", "tags", "compartment_id", "external_key_id"})
        erase(object, member);
      break;
    case Thing::api_key:
      for (const std::string_view member : {"scope", "principal", "expires_at"}) erase(object, member);
      // Then, every key had been made by a user.
      if (const Value* by = object.find("created_by"); by && text_of(*by, "type") != "user")
        set(object, "created_by", Value(Object{{"id", "user_01SomebodyOfThen"}, {"type", "user"}}));
      if (text_of(object, "status") == "expired") set(object, "status", "active");
      break;
    case Thing::group:
      if (const Value* roles = object.find("role_ids")) {
        const Value kept = *roles;
        erase(object, "role_ids");
        set(object, "roles", kept);
      }
      break;
    case Thing::group_member:
      if (const std::string id = text_of(object, "rbac_group_id"); !id.empty()) {
        erase(object, "rbac_group_id");
        set(object, "group_id", id);
      }
      break;
    case Thing::user:
    case Thing::member:
    case Thing::activity:
    case Thing::other: break;
  }
}

void make_future(Thing thing, Value& object) {
  set(object, "assurance",
      Value(Object{{"level", "high"},
                   {"checked", Value(muster::json::Array{Value(1), Value(true), Value(nullptr)})}}));
  const std::string id = text_of(object, "id");
  const bool is_chosen = !id.empty() && id.back() < 'H';  // some, not all
  switch (thing) {
    case Thing::user:
      if (is_chosen) set(object, "role", "agent_supervisor");
      break;
    case Thing::directory_user:
      if (is_chosen) set(object, "organization_role", "parent_org_admin");
      break;
    case Thing::api_key:
      if (is_chosen) set(object, "status", "quarantined");
      if (!is_chosen)
        set(object, "scope", Value(Object{{"type", "project"}, {"project_id", "proj_01Later"}}));
      break;
    case Thing::activity:
      if (is_chosen)
        set(object, "actor", Value(Object{{"type", "quantum_actor"}, {"entanglement_id", "q_01"}}));
      break;
    case Thing::member:
      if (text_of(object, "user_id").back() < 'H') set(object, "workspace_role", "workspace_auditor");
      break;
    case Thing::invite:
      if (is_chosen) set(object, "status", "held_for_review");
      break;
    case Thing::workspace:
    case Thing::group:
    case Thing::group_member:
    case Thing::other: break;
  }
}

}  // namespace

std::optional<Age> parse_age(std::string_view word) {
  if (word == "old") return Age::old;
  if (word == "new") return Age::current;
  if (word == "future") return Age::future;
  return std::nullopt;
}

std::string aged(Thing thing, Age age, const std::string& object) {
  if (age == Age::current) return object;
  Value value = parsed(object);
  if (age == Age::old) {
    make_old(thing, value);
  } else {
    make_future(thing, value);
  }
  return muster::json::dump(value);
}

}  // namespace simulator
