#include "snapshot/schema.h"

#include <algorithm>
#include <array>

namespace muster::snapshot {
namespace {

using enum FieldType;
constexpr auto kId = Personal::identifier;
constexpr auto kPersonal = Personal::personal;

constexpr std::string_view kOrganizationDoc = "The organization that the row was listed for; the first one when several list the same record.";

constexpr FieldSpec kOrganizations[] = {
    {.name = "id", .type = id, .paths = "object.id|object.uuid", .doc = "UUID of the organization; the Compliance API calls it `uuid`."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Display name."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When the organization was made; the Compliance API alone says so."},
};

constexpr FieldSpec kUsers[] = {
    {.name = "id", .type = id, .personal = kId, .paths = "object.id", .doc = "Account id (`user_…`), the same in both APIs."},
    {.name = "email", .type = text, .personal = kPersonal, .paths = "object.email", .doc = "E-mail address as the API writes it; it may carry capitals and a plus-tag."},
    {.name = "name", .type = text, .nullable = true, .personal = kPersonal, .paths = "object.name|object.full_name",
     .doc = "Name of the account's holder; the Compliance API calls it `full_name`. It may be empty."},
    {.name = "role", .type = word, .since = "2026-06", .paths = "object.role|object.organization_role",
     .doc = "Organization role: admin, billing, claude_code_user, developer, managed, membership_admin, owner, primary_owner, user, or a newer word. Compliance replies before "
            "mid-2026 lack it."},
    {.name = "added_at", .type = time, .paths = "object.added_at", .doc = "When the user joined the organization (Admin API)."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When the account was made (Compliance API); not the same as `added_at`."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
    {.name = "person_state", .type = word, .needs = "persons",
     .doc = "What the roster says of the account's person: active, left, left_unknown_date, not_started, contradictory; or ambiguous (several active persons fit), nobody (no "
            "person fits), nonhuman (in the register of non-human identities)."},
    {.name = "person_left_at", .type = time, .nullable = true, .personal = kPersonal, .needs = "persons",
     .doc = "The instant at which the person's last tenure ended; null unless the person has left at a known time."},
    {.name = "person_last_day", .type = date, .nullable = true, .personal = kPersonal, .needs = "persons",
     .doc = "The last day of the person's last tenure, in the roster's zone; null when there is none."},
    {.name = "person_starts_at", .type = time, .nullable = true, .personal = kPersonal, .needs = "persons",
     .doc = "The instant at which the person's first or next tenure begins; null when the roster gives no start."},
    {.name = "match_strategy", .type = word, .needs = "persons",
     .doc = "How the person was found: link, email, plus_tag, former_email, domain_alias, or none."},
    {.name = "match_detail", .type = text, .personal = kPersonal, .needs = "persons", .doc = "Why the account was matched, or not, in one sentence."},
    {.name = "person_accounts", .type = integer, .needs = "persons", .doc = "How many accounts have the same person, this one counted; 0 when no person was found."},
    {.name = "workspace_admin_count", .type = integer, .needs = "workspace_members workspaces",
     .doc = "Live workspaces whose member list has the user as workspace_admin; what the organization role implies is not counted."},
    {.name = "workspace_admin_count_all", .type = integer, .needs = "workspace_members workspaces", .doc = "As `workspace_admin_count`, archived workspaces included."},
};

constexpr FieldSpec kInvites[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Invite id (`invite_…`)."},
    {.name = "email", .type = text, .personal = kPersonal, .paths = "object.email", .doc = "The address that was invited."},
    {.name = "role", .type = word, .paths = "object.role", .doc = "The organization role that the invite gives; words as in `users.role`."},
    {.name = "status", .type = word, .paths = "object.status", .doc = "pending, accepted, expired or deleted."},
    {.name = "invited_at", .type = time, .paths = "object.invited_at", .doc = "When the invite was sent."},
    {.name = "expires_at", .type = time, .paths = "object.expires_at", .doc = "When the invite lapses: 21 days after it was sent."},
    {.name = "accepted_at", .type = time, .nullable = true, .since = "2026", .paths = "object.accepted_at", .doc = "When the invite was accepted; null when it was not."},
    {.name = "rbac_group_ids", .type = text_list, .since = "2026", .paths = "object.rbac_group_ids", .doc = "Groups that the invited user is put into."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kWorkspaces[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Workspace id (`wrkspc_…`)."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Display name; the default workspace answers `Default`."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When the workspace was made."},
    {.name = "archived_at", .type = time, .nullable = true, .paths = "object.archived_at", .doc = "When the workspace was archived, for good; null means live."},
    {.name = "display_color", .type = text, .paths = "object.display_color", .doc = "Colour in the console, `#RRGGBB`."},
    {.name = "workspace_geo", .type = word, .since = "2026", .paths = "object.data_residency.workspace_geo", .doc = "Where the workspace's data is kept."},
    {.name = "allowed_inference_geos", .type = text_list, .since = "2026", .paths = "object.data_residency.allowed_inference_geos",
     .doc = "Where requests may be computed: a list of places; the API's bare word `unrestricted` reads as a list of that one word."},
    {.name = "default_inference_geo", .type = word, .since = "2026", .paths = "object.data_residency.default_inference_geo", .doc = "Where requests are computed unless they say otherwise."},
    {.name = "tags", .type = json, .since = "2026", .paths = "object.tags", .doc = "Tags of the workspace: a map of strings."},
    {.name = "compartment_id", .type = id, .since = "2026", .paths = "object.compartment_id", .doc = "Encryption compartment."},
    {.name = "external_key_id", .type = id, .nullable = true, .since = "2026", .paths = "object.external_key_id",
     .doc = "The customer-managed key that encrypts the workspace; null when there is none."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
    {.name = "member_count", .type = integer, .needs = "workspace_members", .doc = "Members on the workspace's list. Organization admins and billing members are not on it."},
    {.name = "effective_member_count", .type = integer, .needs = "workspace_members users",
     .doc = "Users with access: those on the list and those whose organization role makes them implicit members, each counted once."},
    {.name = "is_default", .type = boolean, .needs = "workspaces", .doc = "Whether this is the organization's default workspace, which has no member list and cannot be archived."},
};

constexpr FieldSpec kWorkspaceMembers[] = {
    {.name = "workspace_id", .type = id, .paths = "object.workspace_id|from.workspace_id", .doc = "The workspace."},
    {.name = "user_id", .type = id, .personal = kId, .paths = "object.user_id", .doc = "The member's account."},
    {.name = "workspace_role", .type = word, .paths = "object.workspace_role",
     .doc = "workspace_user, workspace_developer, workspace_restricted_developer, workspace_admin, workspace_billing, or a newer word."},
};

constexpr FieldSpec kApiKeys[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Key id (`apikey_…`); never the secret."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Name that people gave the key."},
    {.name = "status", .type = word, .paths = "object.status", .doc = "active, inactive, archived, expired, or a newer word."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When the key was made."},
    {.name = "created_by_id", .type = id, .nullable = true, .personal = kId, .paths = "object.created_by.id",
     .doc = "Who made the key; null for legacy, federated and system keys."},
    {.name = "created_by_type", .type = word, .nullable = true, .paths = "object.created_by.type", .doc = "What made the key: user or service_account; null when `created_by_id` is."},
    {.name = "expires_at", .type = time, .nullable = true, .since = "2026", .paths = "object.expires_at",
     .doc = "When the key stops working; null means never. Older replies lack it, which is not the same as never."},
    {.name = "partial_key_hint", .type = text, .nullable = true, .paths = "object.partial_key_hint", .doc = "First and last characters of the key, to recognize it by."},
    {.name = "workspace_id", .type = id, .nullable = true, .paths = "object.scope.workspace_id?|object.workspace_id",
     .doc = "The workspace that the key is bound to; null for keys of the whole organization and, in older replies, for the default workspace."},
    {.name = "scope_type", .type = word, .since = "2026", .paths = "object.scope.type", .doc = "What the key opens: workspace or organization."},
    {.name = "principal_type", .type = word, .nullable = true, .since = "2026", .paths = "object.principal.type",
     .doc = "Whom the key acts as: user_actor or service_account_actor; null for a key bound to nobody."},
    {.name = "principal_user_id", .type = id, .nullable = true, .since = "2026", .personal = kId, .paths = "object.principal.user_id?",
     .doc = "The user whom the key acts as; null when it acts as none."},
    {.name = "principal_service_account_id", .type = id, .nullable = true, .since = "2026", .paths = "object.principal.service_account_id?",
     .doc = "The service account that the key acts as; null when it acts as none."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kGroups[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Group id (`rbac_group_…`)."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Display name; several groups may share one."},
    {.name = "description", .type = text, .nullable = true, .paths = "object.description", .doc = "Free text (Compliance API)."},
    {.name = "source_type", .type = word, .paths = "object.source_type", .doc = "Who keeps the group: direct (by hand) or scim (an identity provider)."},
    {.name = "role_ids", .type = text_list, .nullable = true, .paths = "object.role_ids|object.roles",
     .doc = "Roles that the group gives; older replies say `roles`. Null means that the API could not tell at that time, not that there are none."},
    {.name = "created_at", .type = time, .nullable = true, .paths = "object.created_at", .doc = "When the group was made."},
    {.name = "updated_at", .type = time, .nullable = true, .paths = "object.updated_at", .doc = "When the group was last changed."},
};

constexpr FieldSpec kGroupMembers[] = {
    {.name = "group_id", .type = id, .paths = "object.rbac_group_id|object.group_id|from.group_id", .doc = "The group; older replies say `group_id`, the Compliance API only the path does."},
    {.name = "user_id", .type = id, .personal = kId, .paths = "object.user_id", .doc = "The member's account."},
    {.name = "email", .type = text, .personal = kPersonal, .paths = "object.email", .doc = "The member's e-mail address."},
    {.name = "created_at", .type = time, .nullable = true, .paths = "object.created_at", .doc = "When the user was put into the group."},
    {.name = "updated_at", .type = time, .nullable = true, .paths = "object.updated_at", .doc = "When the membership was last changed (Compliance API)."},
};

constexpr FieldSpec kRoles[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Role id (`rbac_role_…`)."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Display name."},
    {.name = "description", .type = text, .nullable = true, .paths = "object.description", .doc = "Free text (Compliance API)."},
    {.name = "created_at", .type = time, .nullable = true, .paths = "object.created_at", .doc = "When the role was made."},
    {.name = "updated_at", .type = time, .nullable = true, .paths = "object.updated_at", .doc = "When the role was last changed."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = "The organization that the role belongs to: roles are per organization, groups per parent."},
};

constexpr FieldSpec kRolePermissions[] = {
    {.name = "role_id", .type = id, .paths = "object.role_id|from.role_id", .doc = "The role that grants this; it stands in the path of the request."},
    {.name = "action", .type = word, .paths = "object.action", .doc = "What is granted; `capability_access_all` and `capability_access_all_ga` grant everything."},
    {.name = "resource_type", .type = word, .paths = "object.resource_type|object.resource.type",
     .doc = "On what: organization, connector, connector_tool, connector_scope, all_connectors, or a newer word."},
    {.name = "resource_id", .type = id, .nullable = true, .paths = "object.resource_id|object.resource.organization_id|object.resource.connector_id?",
     .doc = "Id of the organization or connector; null when the grant is on all of them."},
    {.name = "tool_name", .type = text, .nullable = true, .paths = "object.resource.tool_name?", .doc = "The connector's tool, for connector_tool grants; else null. Flat Compliance rows lack it."},
    {.name = "scope", .type = text, .nullable = true, .paths = "object.resource.scope?", .doc = "The connector's scope, for connector_scope grants; else null. Flat Compliance rows lack it."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = "The organization that the role belongs to."},
};

constexpr FieldSpec kSettings[] = {
    {.name = "organization_id", .type = id, .paths = "from.organization_id|object.organization_id", .doc = "The organization that the setting is in effect for."},
    {.name = "name", .type = word, .paths = "object.name", .doc = "Name of the setting (`sso_enabled`). A setting that is not listed is one that admins cannot control, not one that is off."},
    {.name = "value_type", .type = word, .paths = "object.type", .doc = "boolean, integer, string, string_list, provisioning_mode, data_retention, or a newer word."},
    {.name = "value", .type = json, .nullable = true, .paths = "object.value", .doc = "The value in effect; null in an integer setting means no limit."},
};

constexpr FieldSpec kComplianceKeys[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Id of the Compliance Access Key (`apikey_…`)."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Name that people gave the key."},
    {.name = "scopes", .type = text_list, .paths = "object.scopes", .doc = "What the key may do (`read:compliance_activities`); fixed when it was made."},
    {.name = "is_active", .type = boolean, .paths = "object.is_active", .doc = "Whether the key works."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When the key was made."},
    {.name = "created_by_id", .type = id, .nullable = true, .personal = kId, .paths = "object.created_by_id", .doc = "Who made the key; null when that is not known."},
    {.name = "expires_at", .type = time, .nullable = true, .since = "2026", .paths = "object.expires_at", .doc = "When the key stops working; null means never. Older replies lack it."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kComplianceSettings[] = {
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = "The organization."},
    {.name = "state", .type = word, .paths = "object.state.type|object.state", .doc = "Whether the Compliance API is on: enabled or disabled."},
};

constexpr FieldSpec kServiceAccounts[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Service account id (`svac_…`)."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Slug; unique and fixed."},
    {.name = "description", .type = text, .nullable = true, .paths = "object.description", .doc = "Free text."},
    {.name = "organization_role", .type = word, .paths = "object.organization_role", .doc = "developer or admin, or a newer word."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When it was made."},
    {.name = "updated_at", .type = time, .paths = "object.updated_at", .doc = "When it was last changed."},
    {.name = "archived_at", .type = time, .nullable = true, .paths = "object.archived_at", .doc = "When it was archived; null means live."},
    {.name = "created_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.created_by_actor_id", .doc = "Who made it."},
    {.name = "updated_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.updated_by_actor_id", .doc = "Who changed it last."},
    {.name = "archived_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.archived_by_actor_id", .doc = "Who archived it."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kFederationIssuers[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Issuer id (`fdis_…`)."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Display name."},
    {.name = "issuer_url", .type = text, .paths = "object.issuer_url", .doc = "The `iss` claim of the tokens that are trusted."},
    {.name = "jwks_type", .type = word, .paths = "object.jwks.type", .doc = "Where the signing keys come from: discovery, explicit_url or inline."},
    {.name = "jwks_url", .type = text, .nullable = true, .paths = "object.jwks.url?|object.jwks.discovery_base?", .doc = "The address of the signing keys; null when they are given inline or found from the issuer's own address."},
    {.name = "check_jti", .type = boolean, .paths = "object.check_jti", .doc = "Whether a token may be used only once."},
    {.name = "max_jwt_lifetime_seconds", .type = integer, .paths = "object.max_jwt_lifetime_seconds", .doc = "The longest life of an accepted token."},
    {.name = "jwks_polling_disabled_at", .type = time, .nullable = true, .paths = "object.jwks_polling_disabled_at", .doc = "When fetching the signing keys was given up; null while it works."},
    {.name = "consecutive_failures", .type = integer, .nullable = true, .paths = "object.poll_status.consecutive_failures", .doc = "Failed fetches of the signing keys in a row."},
    {.name = "last_fetched_at", .type = time, .nullable = true, .paths = "object.poll_status.last_fetched_at?", .doc = "When the signing keys were last fetched."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When it was made."},
    {.name = "updated_at", .type = time, .paths = "object.updated_at", .doc = "When it was last changed."},
    {.name = "archived_at", .type = time, .nullable = true, .paths = "object.archived_at", .doc = "When it was archived; null means live."},
    {.name = "created_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.created_by_actor_id", .doc = "Who made it."},
    {.name = "updated_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.updated_by_actor_id", .doc = "Who changed it last."},
    {.name = "archived_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.archived_by_actor_id", .doc = "Who archived it."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kFederationRules[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Rule id (`fdrl_…`)."},
    {.name = "name", .type = text, .paths = "object.name", .doc = "Display name."},
    {.name = "description", .type = text, .nullable = true, .paths = "object.description", .doc = "Free text."},
    {.name = "issuer_id", .type = id, .paths = "object.issuer_id", .doc = "The issuer whose tokens the rule accepts."},
    {.name = "issuer_name", .type = text, .nullable = true, .paths = "object.issuer_name", .doc = "Name of the issuer."},
    {.name = "match_subject_prefix", .type = text, .nullable = true, .paths = "object.match.subject_prefix?", .doc = "What the token's subject must begin with; null means any subject."},
    {.name = "match_audience", .type = text_list, .nullable = true, .paths = "object.match.audience?", .doc = "The token's audience; null means any."},
    {.name = "match_claims", .type = json, .nullable = true, .paths = "object.match.claims?", .doc = "Claims that the token must have; null means none."},
    {.name = "match_condition", .type = text, .nullable = true, .paths = "object.match.condition?", .doc = "An expression over the token's claims; null means none."},
    {.name = "target_type", .type = word, .paths = "object.target.type", .doc = "What the token becomes: service_account, or a newer word."},
    {.name = "service_account_id", .type = id, .nullable = true, .paths = "object.target.service_account_id?", .doc = "The service account that the token becomes."},
    {.name = "service_account_name", .type = text, .nullable = true, .paths = "object.target.service_account_name?", .doc = "Name of that service account."},
    {.name = "oauth_scope", .type = text, .paths = "object.oauth_scope", .doc = "Scopes of the minted token, separated by spaces."},
    {.name = "token_lifetime_seconds", .type = integer, .paths = "object.token_lifetime_seconds", .doc = "Life of the minted token."},
    {.name = "workspace_ids", .type = text_list, .paths = "object.workspace_ids|object.workspace_id", .doc = "Workspaces that the rule opens; old rules name a single one."},
    {.name = "applies_to_all_workspaces", .type = boolean, .paths = "object.applies_to_all_workspaces", .doc = "Whether the rule opens every workspace."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When it was made."},
    {.name = "updated_at", .type = time, .paths = "object.updated_at", .doc = "When it was last changed."},
    {.name = "archived_at", .type = time, .nullable = true, .paths = "object.archived_at", .doc = "When it was archived; null means live."},
    {.name = "created_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.created_by_actor_id", .doc = "Who made it."},
    {.name = "updated_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.updated_by_actor_id", .doc = "Who changed it last."},
    {.name = "archived_by_actor_id", .type = id, .nullable = true, .personal = kId, .paths = "object.archived_by_actor_id", .doc = "Who archived it."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kExternalKeys[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Id of the customer-managed key: `ekey_…`, or an ARN."},
    {.name = "display_name", .type = text, .nullable = true, .paths = "object.display_name", .doc = "Display name."},
    {.name = "geo", .type = word, .paths = "object.geo", .doc = "Where the key may be used."},
    {.name = "attachment", .type = word, .paths = "object.attachment.type", .doc = "attached or unattached."},
    {.name = "provider", .type = word, .paths = "object.provider_config.type", .doc = "Where the key is kept: aws, gcp, azure, or a newer word."},
    {.name = "provider_config", .type = json, .paths = "object.provider_config", .doc = "The provider's own names of the key (ARN, key name, vault); no secret."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When it was registered."},
    {.name = "updated_at", .type = time, .paths = "object.updated_at", .doc = "When it was last changed."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kRateLimits[] = {
    {.name = "id", .type = id, .paths = "object.id|object.rate_limit_id", .doc = "Id of the organization's limit; a workspace's override names the limit that it overrides."},
    {.name = "level", .type = word, .paths = "object.type", .doc = "Whose limit it is: rate_limit (the organization's) or workspace_rate_limit (one workspace's override)."},
    {.name = "workspace_id", .type = id, .nullable = true, .paths = "object.workspace_id|from.workspace_id", .doc = "The workspace of an override; absent on the organization's own limits."},
    {.name = "group_id", .type = id, .paths = "object.group.id", .doc = "The group of limits (`rlg_…`)."},
    {.name = "group_type", .type = word, .paths = "object.group.type|object.group_type", .doc = "model_group, batch, token_count, files, skills, web_search, or a newer word."},
    {.name = "group_name", .type = text, .nullable = true, .paths = "object.group.display_name?", .doc = "Display name of a model group."},
    {.name = "models", .type = text_list, .nullable = true, .paths = "object.models", .doc = "The models that share the limit; null when it is not about models."},
    {.name = "limits", .type = json, .paths = "object.limits", .doc = "The limits: a list of {type, value}."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kUsage[] = {
    {.name = "starting_at", .type = time, .paths = "from.starting_at|object.starting_at", .doc = "Start of the bucket that the row was in."},
    {.name = "ending_at", .type = time, .paths = "from.ending_at|object.ending_at", .doc = "End of the bucket."},
    {.name = "api_key_id", .type = id, .nullable = true, .paths = "object.api_key_id", .doc = "The key; null unless the report was grouped by it."},
    {.name = "workspace_id", .type = id, .nullable = true, .paths = "object.workspace_id", .doc = "The workspace; null unless grouped by it, and for the default workspace."},
    {.name = "model", .type = word, .nullable = true, .paths = "object.model", .doc = "The model; null unless grouped by it."},
    {.name = "service_tier", .type = word, .nullable = true, .paths = "object.service_tier", .doc = "The service tier; null unless grouped by it."},
    {.name = "context_window", .type = word, .nullable = true, .paths = "object.context_window", .doc = "The context window; null unless grouped by it."},
    {.name = "inference_geo", .type = word, .nullable = true, .since = "2026", .paths = "object.inference_geo", .doc = "Where it was computed; null unless grouped by it."},
    {.name = "account_id", .type = id, .nullable = true, .since = "2026", .personal = kId, .paths = "object.account_id", .doc = "The account; null unless grouped by it."},
    {.name = "service_account_id", .type = id, .nullable = true, .since = "2026", .paths = "object.service_account_id", .doc = "The service account; null unless grouped by it."},
    {.name = "uncached_input_tokens", .type = integer, .paths = "object.uncached_input_tokens", .doc = "Input tokens that no cache answered."},
    {.name = "cache_read_input_tokens", .type = integer, .paths = "object.cache_read_input_tokens", .doc = "Input tokens read from the cache."},
    {.name = "cache_creation_5m_input_tokens", .type = integer, .paths = "object.cache_creation.ephemeral_5m_input_tokens", .doc = "Input tokens written to the five-minute cache."},
    {.name = "cache_creation_1h_input_tokens", .type = integer, .paths = "object.cache_creation.ephemeral_1h_input_tokens", .doc = "Input tokens written to the one-hour cache."},
    {.name = "output_tokens", .type = integer, .paths = "object.output_tokens", .doc = "Output tokens."},
    {.name = "web_search_requests", .type = integer, .paths = "object.server_tool_use.web_search_requests", .doc = "Web searches made by the server."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kCost[] = {
    {.name = "starting_at", .type = time, .paths = "from.starting_at|object.starting_at", .doc = "Start of the day that the row was in."},
    {.name = "ending_at", .type = time, .paths = "from.ending_at|object.ending_at", .doc = "End of the day."},
    {.name = "amount_cents", .type = number, .paths = "object.amount", .doc = "The cost in cents of `currency`: the API's \"123.45\" is 1.2345 dollars."},
    {.name = "currency", .type = word, .paths = "object.currency", .doc = "USD."},
    {.name = "workspace_id", .type = id, .nullable = true, .paths = "object.workspace_id", .doc = "The workspace; null unless grouped by it, and for the default workspace."},
    {.name = "description", .type = text, .nullable = true, .paths = "object.description", .doc = "What was paid for; null unless grouped by it."},
    {.name = "cost_type", .type = word, .nullable = true, .paths = "object.cost_type", .doc = "tokens, web_search, code_execution, session_usage, or a newer word."},
    {.name = "model", .type = word, .nullable = true, .paths = "object.model", .doc = "The model, when the cost is one model's."},
    {.name = "service_tier", .type = word, .nullable = true, .paths = "object.service_tier", .doc = "standard or batch; priority-tier cost is not in the report."},
    {.name = "token_type", .type = word, .nullable = true, .paths = "object.token_type", .doc = "Which kind of tokens, for token costs."},
    {.name = "context_window", .type = word, .nullable = true, .paths = "object.context_window", .doc = "The context window, for token costs."},
    {.name = "inference_geo", .type = word, .nullable = true, .since = "2026", .paths = "object.inference_geo", .doc = "Where it was computed."},
    {.name = "organization_id", .type = id, .paths = "from.organization_id", .doc = kOrganizationDoc},
};

constexpr FieldSpec kClaudeCodeUsage[] = {
    {.name = "date", .type = time, .paths = "object.date", .doc = "The day, as the instant of its start in UTC."},
    {.name = "organization_id", .type = id, .paths = "object.organization_id|from.organization_id", .doc = "The organization."},
    {.name = "actor_type", .type = word, .paths = "object.actor.type", .doc = "Who worked: user_actor or api_actor."},
    {.name = "actor_email", .type = text, .nullable = true, .personal = kPersonal, .paths = "object.actor.email_address?", .doc = "The user's e-mail address, the report's only name of them; null for a key."},
    {.name = "actor_api_key_name", .type = text, .nullable = true, .paths = "object.actor.api_key_name?", .doc = "Name of the key; null for a user."},
    {.name = "customer_type", .type = word, .paths = "object.customer_type", .doc = "api or subscription."},
    {.name = "subscription_type", .type = word, .nullable = true, .paths = "object.subscription_type", .doc = "enterprise or team; null otherwise."},
    {.name = "is_remote", .type = boolean, .paths = "object.is_remote", .doc = "Whether the sessions ran remotely; remote and local ones are separate rows."},
    {.name = "terminal_type", .type = text, .paths = "object.terminal_type", .doc = "The terminal or editor."},
    {.name = "num_sessions", .type = integer, .paths = "object.core_metrics.num_sessions", .doc = "Sessions."},
    {.name = "lines_added", .type = integer, .paths = "object.core_metrics.lines_of_code.added", .doc = "Lines of code added."},
    {.name = "lines_removed", .type = integer, .paths = "object.core_metrics.lines_of_code.removed", .doc = "Lines of code removed."},
    {.name = "commits", .type = integer, .paths = "object.core_metrics.commits_by_claude_code", .doc = "Commits made."},
    {.name = "pull_requests", .type = integer, .paths = "object.core_metrics.pull_requests_by_claude_code", .doc = "Pull requests made."},
    {.name = "tool_actions", .type = json, .paths = "object.tool_actions", .doc = "Accepted and rejected actions by tool."},
    {.name = "model_breakdown", .type = json, .paths = "object.model_breakdown", .doc = "Tokens and estimated cost by model."},
};

constexpr FieldSpec kActivities[] = {
    {.name = "id", .type = id, .paths = "object.id", .doc = "Activity id (`activity_…`)."},
    {.name = "type", .type = word, .paths = "object.type", .doc = "What happened (`group_member_added`); hundreds of words, new ones every month."},
    {.name = "created_at", .type = time, .paths = "object.created_at", .doc = "When it happened."},
    {.name = "organization_id", .type = id, .nullable = true, .paths = "object.organization_id", .doc = "The organization in the `org_…` form; null for sign-ins and Compliance API calls."},
    {.name = "organization_uuid", .type = id, .nullable = true, .paths = "object.organization_uuid", .doc = "The organization's UUID; null as `organization_id` is."},
    {.name = "actor_type", .type = word, .paths = "object.actor.type", .doc = "Who did it: user_actor, api_actor, admin_api_key_actor, service_account_actor, scim_directory_sync_actor, or another word."},
    {.name = "actor_user_id", .type = id, .nullable = true, .personal = kId, .paths = "object.actor.user_id?", .doc = "The acting user; null for other actors."},
    {.name = "actor_email", .type = text, .nullable = true, .personal = kPersonal, .paths = "object.actor.email_address|object.actor.unauthenticated_email_address?",
     .doc = "The actor's e-mail address, claimed only when the actor was not signed in; null for other actors."},
    {.name = "actor_api_key_id", .type = id, .nullable = true, .paths = "object.actor.api_key_id?", .doc = "The acting key; null for other actors."},
    {.name = "actor_admin_api_key_id", .type = id, .nullable = true, .paths = "object.actor.admin_api_key_id?", .doc = "The acting Admin key; null for other actors."},
    {.name = "actor_service_account_id", .type = id, .nullable = true, .paths = "object.actor.service_account_id?", .doc = "The acting service account; null for other actors."},
    {.name = "ip_address", .type = text, .nullable = true, .personal = kPersonal, .paths = "object.actor.ip_address?", .doc = "Where the actor came from."},
    {.name = "user_agent", .type = text, .nullable = true, .personal = kPersonal, .paths = "object.actor.user_agent?", .doc = "The actor's program."},
    {.name = "user_id", .type = id, .nullable = true, .personal = kId, .paths = "object.user_id?", .doc = "The user that it was done to, in events about a user."},
    {.name = "workspace_id", .type = id, .nullable = true, .paths = "object.workspace_id?", .doc = "The workspace, in events about one."},
    {.name = "group_id", .type = id, .nullable = true, .paths = "object.group_id?", .doc = "The group, in events about one."},
    {.name = "member_ids", .type = text_list, .nullable = true, .personal = kId, .paths = "object.member_ids?", .doc = "The members that were put in or taken out, in events about a group's members."},
    {.name = "api_key_id", .type = id, .nullable = true, .paths = "object.api_key_id?|object.admin_api_key_id?", .doc = "The key, in events about one."},
    {.name = "scopes", .type = text_list, .nullable = true, .paths = "object.scopes?", .doc = "Scopes of the key, in events that make one."},
    {.name = "object", .type = json, .personal = kPersonal, .paths = "object", .doc = "The whole event as the API gave it: members differ from type to type."},
};

constexpr FieldSpec kPersons[] = {
    {.name = "person_id", .type = id, .personal = kId, .doc = "HR's number of the person."},
    {.name = "name", .type = text, .nullable = true, .personal = kPersonal, .doc = "Name."},
    {.name = "email", .type = text, .nullable = true, .personal = kPersonal, .doc = "First e-mail address."},
    {.name = "emails", .type = text_list, .personal = kPersonal, .doc = "Every current e-mail address."},
    {.name = "former_emails", .type = text_list, .personal = kPersonal, .doc = "Addresses that the person once had."},
    {.name = "kind", .type = word, .doc = "employee, contractor or external."},
    {.name = "manager_id", .type = id, .nullable = true, .personal = kId, .doc = "The manager's `person_id`."},
    {.name = "department", .type = text, .nullable = true, .doc = "Department."},
    {.name = "state", .type = word, .doc = "As of the run's instant: active, left, left_unknown_date, not_started or contradictory (active in words, with an end in the past)."},
    {.name = "starts_at", .type = time, .nullable = true, .personal = kPersonal, .doc = "The instant at which the first or next tenure begins; null when the roster gives no start."},
    {.name = "left_at", .type = time, .nullable = true, .personal = kPersonal, .doc = "The instant at which the last tenure ended; null unless the person has left at a known time."},
    {.name = "last_day", .type = date, .nullable = true, .personal = kPersonal, .doc = "The last day of the last tenure, in the roster's zone; null when there is none."},
};

constexpr FieldSpec kTenures[] = {
    {.name = "person_id", .type = id, .personal = kId, .doc = "The person."},
    {.name = "status", .type = word, .doc = "active or terminated, after the config's map of status words."},
    {.name = "start", .type = time, .nullable = true, .personal = kPersonal, .doc = "Start of the first day in the roster's zone; null when the roster gives none."},
    {.name = "end", .type = time, .nullable = true, .personal = kPersonal, .doc = "End of the last day in the roster's zone, or the given time; null when the roster gives none."},
};

constexpr FieldSpec kNonhumans[] = {
    {.name = "id", .type = id, .doc = "The register's name of the identity; the account when it has none."},
    {.name = "account", .type = text, .doc = "The account: a user id, an e-mail address or a service account's id."},
    {.name = "owner", .type = text, .nullable = true, .personal = kPersonal, .doc = "The person who answers for it: `person_id` or e-mail address; null when the register names nobody."},
    {.name = "purpose", .type = text, .nullable = true, .doc = "What it is for."},
    {.name = "review_by", .type = date, .nullable = true, .doc = "The day by which it is to be looked at again; null when the register gives none."},
    {.name = "owner_state", .type = word, .needs = "persons", .doc = "What the roster says of the owner: a person's state; nobody when no person fits; missing when no owner is named."},
    {.name = "account_exists", .type = boolean, .needs = "users",
     .doc = "Whether the account is in the snapshot: a user, or a service account. Absent when no user fits and service accounts were not collected."},
};

constexpr FieldSpec kDatasets[] = {
    {.name = "name", .type = id, .doc = "The dataset (`users`)."},
    {.name = "status", .type = word, .doc = "complete, partial, denied, unsupported or not_requested."},
    {.name = "rows", .type = integer, .doc = "Rows collected."},
    {.name = "sha256", .type = text, .nullable = true, .doc = "Digest of the data file; null when there is none."},
    {.name = "reason", .type = text, .nullable = true, .doc = "Why the dataset is not complete; null when it is."},
};

constexpr FieldSpec kWaivers[] = {
    {.name = "id", .type = id, .doc = "The waiver's id."},
    {.name = "rule", .type = text, .doc = "The rule whose failures it excuses."},
    {.name = "state", .type = word, .doc = "active, not_started, expired, unapproved or unused."},
    {.name = "expires", .type = date, .nullable = true, .doc = "Its last day; null when it never ends."},
    {.name = "approver", .type = text, .nullable = true, .personal = kPersonal, .doc = "Who approved it."},
    {.name = "owner", .type = text, .nullable = true, .personal = kPersonal, .doc = "Who answers for it."},
};

using enum Dataset;

constexpr std::array<DatasetSpec, kDatasetCount> kSchema = {{
    {organizations, "organizations", "organization", SubjectKind::organization, "id", "name",
     "GET /v1/organizations/me; GET /v1/compliance/organizations", "Organizations: the Console organization of the key, or a parent's linked organizations.", kOrganizations},
    {users, "users", "user", SubjectKind::user, "id", "email",
     "GET /v1/organizations/users; GET /v1/compliance/organizations/{organization_id}/users",
     "Accounts of people and services in the organization. Rows of both APIs, and of several linked organizations, with one id are one record.", kUsers},
    {invites, "invites", "invite", SubjectKind::invite, "id", "email", "GET /v1/organizations/invites", "Invitations to join the organization.", kInvites},
    {workspaces, "workspaces", "workspace", SubjectKind::workspace, "id", "name", "GET /v1/organizations/workspaces", "Workspaces, archived ones included when they were asked for.", kWorkspaces},
    {workspace_members, "workspace_members", "workspace_member", std::nullopt, "workspace_id user_id", "", "GET /v1/organizations/workspaces/{workspace_id}/members",
     "Member lists of workspaces. Organization admins and billing members belong to every workspace and are not listed.", kWorkspaceMembers},
    {api_keys, "api_keys", "api_key", SubjectKind::api_key, "id", "name", "GET /v1/organizations/api_keys", "API keys of the Console organization; secrets are never in a snapshot.", kApiKeys},
    {groups, "groups", "group", SubjectKind::group, "id", "name", "GET /v1/organizations/rbac_groups; GET /v1/compliance/groups", "Groups of users, shared by all linked organizations.", kGroups},
    {group_members, "group_members", "group_member", std::nullopt, "group_id user_id", "",
     "GET /v1/organizations/rbac_groups/{group_id}/members; GET /v1/compliance/groups/{group_id}/members", "Members of groups.", kGroupMembers},
    {roles, "roles", "role", SubjectKind::role, "id", "name", "GET /v1/organizations/rbac_roles; GET /v1/compliance/organizations/{organization_id}/roles",
     "Custom roles, each of one organization.", kRoles},
    {role_permissions, "role_permissions", "role_permission", std::nullopt, "", "",
     "GET /v1/organizations/rbac_roles/{role_id}/permissions; GET /v1/compliance/organizations/{organization_id}/roles/{role_id}/permissions", "What each role grants.", kRolePermissions},
    {settings, "settings", "setting", std::nullopt, "organization_id name", "name", "GET /v1/compliance/organizations/{organization_id}/settings",
     "Effective settings, one row a setting: an item of the reply's `settings` list.", kSettings},
    {compliance_keys, "compliance_keys", "compliance_key", SubjectKind::compliance_key, "id", "name", "GET /v1/compliance/organizations/{organization_id}/settings",
     "Compliance Access Keys: items of the settings reply's `api_keys` list, the only inventory of them. Each linked organization lists them all.", kComplianceKeys},
    {compliance_settings, "compliance_settings", "compliance_setting", std::nullopt, "organization_id", "", "GET /v1/organizations/compliance_settings",
     "Whether the Compliance API is switched on.", kComplianceSettings},
    {service_accounts, "service_accounts", "service_account", SubjectKind::service_account, "id", "name", "GET /v1/organizations/service_accounts",
     "Service accounts. Only an OAuth token with org:admin can list them.", kServiceAccounts},
    {federation_issuers, "federation_issuers", "federation_issuer", std::nullopt, "id", "name", "GET /v1/organizations/federation_issuers",
     "Outside issuers whose tokens are trusted.", kFederationIssuers},
    {federation_rules, "federation_rules", "federation_rule", std::nullopt, "id", "name", "GET /v1/organizations/federation_rules",
     "Which outside tokens become which service account.", kFederationRules},
    {external_keys, "external_keys", "external_key", std::nullopt, "id", "display_name", "GET /v1/organizations/external_keys", "Customer-managed encryption keys.", kExternalKeys},
    {rate_limits, "rate_limits", "rate_limit", std::nullopt, "", "group_type", "GET /v1/organizations/rate_limits; GET /v1/organizations/workspaces/{workspace_id}/rate_limits",
     "Rate limits of the organization, and workspaces' overrides.", kRateLimits},
    {usage, "usage", "usage_row", std::nullopt, "", "", "GET /v1/organizations/usage_report/messages",
     "Message usage, one row a result; the bucket's `starting_at` and `ending_at` stand in `from`.", kUsage},
    {cost, "cost", "cost_row", std::nullopt, "", "", "GET /v1/organizations/cost_report", "Cost, one row a result; the day's `starting_at` and `ending_at` stand in `from`.", kCost},
    {claude_code_usage, "claude_code_usage", "claude_code_usage_row", std::nullopt, "", "", "GET /v1/organizations/usage_report/claude_code",
     "Claude Code use, one row an actor, day and terminal.", kClaudeCodeUsage},
    {activities, "activities", "activity", std::nullopt, "id", "type", "GET /v1/compliance/activities",
     "The activity feed: who did what. The only source of sign-ins.", kActivities},
    {persons, "persons", "person", SubjectKind::person, "person_id", "name", "roster", "People whom the roster knows.", kPersons},
    {tenures, "tenures", "tenure", std::nullopt, "", "", "roster", "Stretches of employment; a re-hire has several.", kTenures},
    {nonhumans, "nonhumans", "nonhuman", SubjectKind::nonhuman, "id", "account", "register of non-human identities", "Accounts that are no person's: services, robots, shared mailboxes.", kNonhumans},
    {datasets, "datasets", "dataset", SubjectKind::dataset, "name", "name", "manifest", "The snapshot's own datasets, for rules about the snapshot.", kDatasets},
    {waivers, "waivers", "waiver", SubjectKind::waiver, "id", "id", "waivers file", "Approved exceptions, for rules about exceptions.", kWaivers},
}};

constexpr RelationSpec kRelations[] = {
    {.from = users, .name = "person", .to = persons, .doc = "The person behind the account; none when nobody or several fit."},
    {.from = users, .name = "keys", .many = true, .to = api_keys, .via = "created_by_id", .where = "created_by_type=user", .doc = "API keys that the user made."},
    {.from = users, .name = "memberships", .many = true, .to = workspace_members, .via = "user_id", .doc = "The user's entries in workspaces' member lists."},
    {.from = users, .name = "group_memberships", .many = true, .to = group_members, .via = "user_id", .doc = "The user's entries in groups' member lists."},
    {.from = users, .name = "compliance_keys", .many = true, .to = compliance_keys, .via = "created_by_id", .doc = "Compliance Access Keys that the user made."},
    {.from = users, .name = "activities", .many = true, .to = activities, .via = "actor_user_id", .doc = "What the user did, as far as the activity feed was collected."},
    {.from = invites, .name = "person", .to = persons, .doc = "The person whose address was invited; none when nobody or several fit."},
    {.from = invites, .name = "groups", .many = true, .to = groups, .via = "rbac_group_ids", .doc = "Groups that the invited user is put into."},
    {.from = workspaces, .name = "memberships", .many = true, .to = workspace_members, .via = "workspace_id", .doc = "Entries of the workspace's member list."},
    {.from = workspaces, .name = "keys", .many = true, .to = api_keys, .via = "workspace_id", .doc = "API keys bound to the workspace."},
    {.from = workspaces, .name = "rate_limits", .many = true, .to = rate_limits, .via = "workspace_id", .doc = "The workspace's overrides of rate limits."},
    {.from = workspaces, .name = "external_key", .to = external_keys, .via = "external_key_id", .doc = "The customer-managed key of the workspace."},
    {.from = workspace_members, .name = "user", .to = users, .via = "user_id", .doc = "The member."},
    {.from = workspace_members, .name = "workspace", .to = workspaces, .via = "workspace_id", .doc = "The workspace."},
    {.from = api_keys, .name = "creator", .to = users, .via = "created_by_id", .where = "created_by_type=user", .doc = "The user who made the key; none when a service account or nobody did."},
    {.from = api_keys, .name = "creator_service_account", .to = service_accounts, .via = "created_by_id", .where = "created_by_type=service_account",
     .doc = "The service account that made the key; none when a user or nobody did."},
    {.from = api_keys, .name = "workspace", .to = workspaces, .via = "workspace_id", .doc = "The workspace that the key is bound to."},
    {.from = api_keys, .name = "principal_user", .to = users, .via = "principal_user_id", .doc = "The user whom the key acts as."},
    {.from = api_keys, .name = "principal_service_account", .to = service_accounts, .via = "principal_service_account_id", .doc = "The service account that the key acts as."},
    {.from = api_keys, .name = "usage", .many = true, .to = usage, .via = "api_key_id", .doc = "Usage of the key, where the report was grouped by key."},
    {.from = groups, .name = "memberships", .many = true, .to = group_members, .via = "group_id", .doc = "Entries of the group's member list."},
    {.from = groups, .name = "roles", .many = true, .to = roles, .via = "role_ids", .doc = "Roles that the group gives; ids of other organizations' roles lead nowhere."},
    {.from = group_members, .name = "user", .to = users, .via = "user_id", .doc = "The member."},
    {.from = group_members, .name = "group", .to = groups, .via = "group_id", .doc = "The group."},
    {.from = roles, .name = "permissions", .many = true, .to = role_permissions, .via = "role_id", .doc = "What the role grants."},
    {.from = roles, .name = "organization", .to = organizations, .via = "organization_id", .doc = "The organization that the role belongs to."},
    {.from = role_permissions, .name = "role", .to = roles, .via = "role_id", .doc = "The role that grants this."},
    {.from = organizations, .name = "settings", .many = true, .to = settings, .via = "organization_id", .doc = "Effective settings of the organization."},
    {.from = organizations, .name = "roles", .many = true, .to = roles, .via = "organization_id", .doc = "Roles of the organization."},
    {.from = settings, .name = "organization", .to = organizations, .via = "organization_id", .doc = "The organization."},
    {.from = compliance_keys, .name = "creator", .to = users, .via = "created_by_id", .doc = "The user who made the key."},
    {.from = service_accounts, .name = "keys", .many = true, .to = api_keys, .via = "created_by_id", .where = "created_by_type=service_account", .doc = "API keys that the service account made."},
    {.from = service_accounts, .name = "principal_keys", .many = true, .to = api_keys, .via = "principal_service_account_id", .doc = "API keys that act as the service account."},
    {.from = service_accounts, .name = "federation_rules", .many = true, .to = federation_rules, .via = "service_account_id", .doc = "Rules that turn outside tokens into the service account."},
    {.from = federation_issuers, .name = "rules", .many = true, .to = federation_rules, .via = "issuer_id", .doc = "Rules that accept the issuer's tokens."},
    {.from = federation_rules, .name = "issuer", .to = federation_issuers, .via = "issuer_id", .doc = "The issuer whose tokens are accepted."},
    {.from = federation_rules, .name = "service_account", .to = service_accounts, .via = "service_account_id", .doc = "The service account that the token becomes."},
    {.from = federation_rules, .name = "workspaces", .many = true, .to = workspaces, .via = "workspace_ids", .doc = "Workspaces that the rule opens, when it does not open all."},
    {.from = external_keys, .name = "workspaces", .many = true, .to = workspaces, .via = "external_key_id", .doc = "Workspaces that the key encrypts."},
    {.from = rate_limits, .name = "workspace", .to = workspaces, .via = "workspace_id", .doc = "The workspace of an override."},
    {.from = usage, .name = "api_key", .to = api_keys, .via = "api_key_id", .doc = "The key that was used."},
    {.from = usage, .name = "workspace", .to = workspaces, .via = "workspace_id", .doc = "The workspace that was used."},
    {.from = usage, .name = "service_account", .to = service_accounts, .via = "service_account_id", .doc = "The service account that used it."},
    {.from = cost, .name = "workspace", .to = workspaces, .via = "workspace_id", .doc = "The workspace that cost it."},
    {.from = activities, .name = "actor_user", .to = users, .via = "actor_user_id", .doc = "The user who did it."},
    {.from = activities, .name = "workspace", .to = workspaces, .via = "workspace_id", .doc = "The workspace that it was about."},
    {.from = activities, .name = "group", .to = groups, .via = "group_id", .doc = "The group that it was about."},
    {.from = persons, .name = "accounts", .many = true, .to = users, .doc = "Accounts that were matched to the person."},
    {.from = persons, .name = "tenures", .many = true, .to = tenures, .via = "person_id", .doc = "The person's stretches of employment."},
    {.from = persons, .name = "manager", .to = persons, .doc = "The person whom `manager_id` names, by number or e-mail address."},
    {.from = persons, .name = "reports", .many = true, .to = persons, .doc = "The persons whose manager this one is."},
    {.from = tenures, .name = "person", .to = persons, .via = "person_id", .doc = "The person."},
    {.from = nonhumans, .name = "owner_person", .to = persons, .doc = "The person who answers for the identity."},
};

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
  const auto* at = std::find_if(kSchema.begin(), kSchema.end(), [&](const DatasetSpec& spec) { return spec.name == name; });
  return at == kSchema.end() ? nullptr : at;
}

const DatasetSpec* find_subject(SubjectKind kind) {
  const auto* at = std::find_if(kSchema.begin(), kSchema.end(), [&](const DatasetSpec& spec) { return spec.subject == kind; });
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
  if (organization_role == "admin" || organization_role == "owner" || organization_role == "primary_owner") return "workspace_admin";
  if (organization_role == "billing") return "workspace_billing";
  return {};
}

}  // namespace muster::snapshot
