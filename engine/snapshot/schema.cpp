#include "snapshot/schema.h"

#include <algorithm>
#include <array>

#include "snapshot/schema/access.h"
#include "snapshot/schema/activity.h"
#include "snapshot/schema/own.h"
#include "snapshot/schema/relations.h"
#include "snapshot/schema/services.h"

namespace muster::snapshot {
namespace {

using namespace tables;

constexpr std::array<DatasetSpec, kDatasetCount> kSchema = {{
    {organizations, "organizations", "organization", SubjectKind::organization, "id", "name",
     "GET /v1/organizations/me; GET /v1/compliance/organizations",
     "Organizations: the Console organization of the key, or a parent's linked organizations.",
     kOrganizations},
    {users, "users", "user", SubjectKind::user, "id", "email",
     "GET /v1/organizations/users; GET /v1/compliance/organizations/{organization_id}/users",
     "Accounts of people and services in the organization. Rows of both APIs, and of several linked "
     "organizations, with one id are one record.",
     kUsers},
    {invites, "invites", "invite", SubjectKind::invite, "id", "email", "GET /v1/organizations/invites",
     "Invitations to join the organization.", kInvites},
    {workspaces, "workspaces", "workspace", SubjectKind::workspace, "id", "name",
     "GET /v1/organizations/workspaces", "Workspaces, archived ones included when they were asked for.",
     kWorkspaces},
    {workspace_members, "workspace_members", "workspace_member", std::nullopt, "workspace_id user_id", "",
     "GET /v1/organizations/workspaces/{workspace_id}/members",
     "Member lists of workspaces. Organization admins and billing members belong to every workspace and are "
     "not listed.",
     kWorkspaceMembers},
    {api_keys, "api_keys", "api_key", SubjectKind::api_key, "id", "name", "GET /v1/organizations/api_keys",
     "API keys of the Console organization; secrets are never in a snapshot.", kApiKeys},
    {groups, "groups", "group", SubjectKind::group, "id", "name",
     "GET /v1/organizations/rbac_groups; GET /v1/compliance/groups",
     "Groups of users, shared by all linked organizations.", kGroups},
    {group_members, "group_members", "group_member", std::nullopt, "group_id user_id", "",
     "GET /v1/organizations/rbac_groups/{group_id}/members; GET /v1/compliance/groups/{group_id}/members",
     "Members of groups.", kGroupMembers},
    {roles, "roles", "role", SubjectKind::role, "id", "name",
     "GET /v1/organizations/rbac_roles; GET /v1/compliance/organizations/{organization_id}/roles",
     "Custom roles, each of one organization.", kRoles},
    {role_permissions, "role_permissions", "role_permission", std::nullopt, "", "",
     "GET /v1/organizations/rbac_roles/{role_id}/permissions; GET "
     "/v1/compliance/organizations/{organization_id}/roles/{role_id}/permissions",
     "What each role grants.", kRolePermissions},
    {settings, "settings", "setting", std::nullopt, "organization_id name", "name",
     "GET /v1/compliance/organizations/{organization_id}/settings",
     "Effective settings, one row a setting: an item of the reply's `settings` list.", kSettings},
    {compliance_keys, "compliance_keys", "compliance_key", SubjectKind::compliance_key, "id", "name",
     "GET /v1/compliance/organizations/{organization_id}/settings",
     "Compliance Access Keys: items of the settings reply's `api_keys` list, the only inventory of them. "
     "Each linked organization lists them all.",
     kComplianceKeys},
    {compliance_settings, "compliance_settings", "compliance_setting", std::nullopt, "organization_id", "",
     "GET /v1/organizations/compliance_settings", "Whether the Compliance API is switched on.",
     kComplianceSettings},
    {service_accounts, "service_accounts", "service_account", SubjectKind::service_account, "id", "name",
     "GET /v1/organizations/service_accounts",
     "Service accounts. Only an OAuth token with org:admin can list them.", kServiceAccounts},
    {federation_issuers, "federation_issuers", "federation_issuer", std::nullopt, "id", "name",
     "GET /v1/organizations/federation_issuers", "Outside issuers whose tokens are trusted.",
     kFederationIssuers},
    {federation_rules, "federation_rules", "federation_rule", std::nullopt, "id", "name",
     "GET /v1/organizations/federation_rules", "Which outside tokens become which service account.",
     kFederationRules},
    {external_keys, "external_keys", "external_key", std::nullopt, "id", "display_name",
     "GET /v1/organizations/external_keys", "Customer-managed encryption keys.", kExternalKeys},
    {rate_limits, "rate_limits", "rate_limit", std::nullopt, "", "group_type",
     "GET /v1/organizations/rate_limits; GET /v1/organizations/workspaces/{workspace_id}/rate_limits",
     "Rate limits of the organization, and workspaces' overrides.", kRateLimits},
    {usage, "usage", "usage_row", std::nullopt, "", "", "GET /v1/organizations/usage_report/messages",
     "Message usage, one row a result; the bucket's `starting_at` and `ending_at` stand in `from`.", kUsage},
    {cost, "cost", "cost_row", std::nullopt, "", "", "GET /v1/organizations/cost_report",
     "Cost, one row a result; the day's `starting_at` and `ending_at` stand in `from`.", kCost},
    {claude_code_usage, "claude_code_usage", "claude_code_usage_row", std::nullopt, "", "",
     "GET /v1/organizations/usage_report/claude_code", "Claude Code use, one row an actor, day and terminal.",
     kClaudeCodeUsage},
    {activities, "activities", "activity", std::nullopt, "id", "type", "GET /v1/compliance/activities",
     "The activity feed: who did what. The only source of sign-ins.", kActivities},
    {persons, "persons", "person", SubjectKind::person, "person_id", "name", "roster",
     "People whom the roster knows.", kPersons},
    {tenures, "tenures", "tenure", std::nullopt, "", "", "roster",
     "Stretches of employment; a re-hire has several.", kTenures},
    {nonhumans, "nonhumans", "nonhuman", SubjectKind::nonhuman, "id", "account",
     "register of non-human identities", "Accounts that are no person's: services, robots, shared mailboxes.",
     kNonhumans},
    {datasets, "datasets", "dataset", SubjectKind::dataset, "name", "name", "manifest",
     "The snapshot's own datasets, and the roster as `persons`, for rules about what a run rests on.",
     kDatasets},
    {waivers, "waivers", "waiver", SubjectKind::waiver, "id", "id", "waivers file",
     "Approved exceptions, for rules about exceptions.", kWaivers},
    {previous_users, "previous_users", "previous_user", std::nullopt, "id", "", "previous snapshot",
     "The users of the snapshot that the config names as the previous one.", kPreviousUsers},
}};

}  // namespace

std::optional<std::uint16_t> DatasetSpec::field(std::string_view field_name) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field_name) return static_cast<std::uint16_t>(i);
  }
  return std::nullopt;
}

std::span<const DatasetSpec> schema() { return kSchema; }

std::span<const RelationSpec> relations() { return kRelations; }

const DatasetSpec& spec_of(Dataset dataset) { return kSchema[static_cast<std::size_t>(dataset)]; }

const DatasetSpec* find_dataset(std::string_view name) {
  const auto* at = std::find_if(kSchema.begin(), kSchema.end(),
                                [&](const DatasetSpec& spec) { return spec.name == name; });
  return at == kSchema.end() ? nullptr : at;
}

const DatasetSpec* find_subject(SubjectKind kind) {
  const auto* at = std::find_if(kSchema.begin(), kSchema.end(),
                                [&](const DatasetSpec& spec) { return spec.subject == kind; });
  return at == kSchema.end() ? nullptr : at;
}

std::optional<std::uint16_t> find_relation(Dataset from, std::string_view name) {
  for (std::size_t i = 0; i < std::size(kRelations); ++i) {
    if (kRelations[i].from == from && kRelations[i].name == name) return static_cast<std::uint16_t>(i);
  }
  return std::nullopt;
}

std::string_view implied_workspace_role(std::string_view organization_role) {
  // The API states it for admins and billing members; owners outrank admins where an organization has them.
  if (organization_role == "admin" || organization_role == "owner" || organization_role == "primary_owner")
    return "workspace_admin";
  if (organization_role == "billing") return "workspace_billing";
  return {};
}

}  // namespace muster::snapshot
