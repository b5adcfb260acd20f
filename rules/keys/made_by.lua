local words = require("lib.words")

---@type muster.Rule
return {
  id = "keys.made_by",
  title = "Active keys were made by those who may make them",
  severity = "medium",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.created_by_id", "api_keys.created_by_type", "users.role" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.17", "A.5.18" },
    nist80053 = { "IA-5", "AC-6(5)" },
    cis8 = { "5.5" },
    pci4 = { "7.2.5", "8.6.1" },
  },
  params = {
    roles = { type = "string_list", default = { "admin", "owner", "primary_owner" }, doc = "Organization roles whose people may make keys." },
    service_accounts = { type = "boolean", default = true, doc = "Whether service accounts may make keys." },
  },
  why = "Keys that were made past provisioning are in no list, and nobody replaces them.",
  fix = "Make the key anew through provisioning, move its users over, and archive this one (console or API). A key cannot be given "
    .. "another creator.",

  check = function(key, _, params)
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key.status ~= "active" then return not_applicable("status is " .. key.status) end
    if key:is_null("created_by_id") then return not_applicable("has no creator (legacy, federated or made by the system)") end
    if key.created_by_type == "service_account" then
      if params.service_accounts then return pass("made by a service account") end
      return fail("made by a service account", { created_by = key.created_by_id }, params.roles)
    end
    if key.created_by_type ~= "user" then return unknown("creator of type " .. key.created_by_type .. " is not known to this rule") end
    if key:is_dangling("creator") then return not_applicable("its creator is no longer a member; judged by keys.creator_in_organization") end
    local role = key.creator.role
    if params.roles:has(role) then return pass() end
    if not words.organization_roles[role] then return unknown("role " .. role .. " is not known to this rule") end
    return fail("made by somebody whose role is " .. role, { created_by = key.created_by_id, role = role }, params.roles)
  end,

  examples = {
    {
      note = "an admin",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_1", role = "admin" } },
      },
      want = "pass",
    },
    {
      note = "a developer",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_1", role = "developer" } },
      },
      want = { verdict = "fail", reason = "made by somebody whose role is developer" },
    },
    {
      note = "a role of tomorrow",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_1", role = "overlord" } },
      },
      want = { verdict = "unknown", reason = "role overlord is not known to this rule" },
    },
    {
      note = "somebody who is gone",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_9", role = "admin" } },
      },
      want = { verdict = "not_applicable", reason = "its creator is no longer a member; judged by keys.creator_in_organization" },
    },
    {
      note = "nobody",
      given = { api_key = { status = "active", created_by_id = null } },
      want = { verdict = "not_applicable", reason = "has no creator (legacy, federated or made by the system)" },
    },
    {
      note = "a service account",
      given = { api_key = { status = "active", created_by_id = "svac_1", created_by_type = "service_account" } },
      want = { verdict = "pass", reason = "made by a service account" },
    },
    {
      note = "a service account, where none may",
      given = {
        api_key = { status = "active", created_by_id = "svac_1", created_by_type = "service_account" },
        params = { service_accounts = false },
      },
      want = { verdict = "fail", reason = "made by a service account" },
    },
    {
      note = "a kind of creator that came later",
      given = { api_key = { status = "active", created_by_id = "agent_1", created_by_type = "agent" } },
      want = { verdict = "unknown", reason = "creator of type agent is not known to this rule" },
    },
    {
      note = "switched off",
      given = { api_key = { status = "inactive" } },
      want = { verdict = "not_applicable", reason = "status is inactive" },
    },
    {
      note = "a status of tomorrow",
      given = { api_key = { status = "paused" } },
      want = { verdict = "unknown", reason = "status paused is not known to this rule" },
    },
  },
}
