local known_statuses = require("lib.words").key_statuses

---@type muster.Rule
return {
  id = "keys.creator_in_organization",
  title = "Whoever created an active API key is still a member",
  severity = "high",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.created_by_id", "api_keys.created_by_type", "users.id" },
  may_read = { "service_accounts.id", "service_accounts.name", "service_accounts.archived_at" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.17" },
    nist80053 = { "IA-5 f", "AC-2(3) a" },
    cis8 = { "5.5" },
    pci4 = { "8.6.3" },
    hipaa = { "164.308(a)(5)(ii)(D)" },
  },
  why = "Removing a member does not remove the workspace keys that they created: the key keeps working, and the one who knows it is gone.",
  fix = "Find out what uses the key (its usage report), create a replacement by somebody who is here, then set this one inactive and archive it. "
    .. "The API cannot give a key another creator.",

  check = function(key)
    if not known_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key.status ~= "active" then return not_applicable("status is " .. key.status) end
    if key:is_null("created_by_id") then return not_applicable("has no creator (legacy, federated or made by the system)") end

    if key.created_by_type == "user" then
      if not key:is_dangling("creator") then return pass() end
      return fail("its creator is no longer a member", { created_by = key.created_by_id }, "a member of the organization")
    end

    if key.created_by_type == "service_account" then
      if key:is_dangling("creator_service_account") then
        return fail("no such service account as its creator", { created_by = key.created_by_id }, "a service account of the organization")
      end
      local account = key.creator_service_account
      if account:is_null("archived_at") then return pass() end
      return fail(
        "created by the service account " .. account.name .. ", archived on " .. account.archived_at:date(),
        { created_by = key.created_by_id, archived_at = account.archived_at },
        "a service account that is not archived"
      )
    end
    return unknown("creator of type " .. key.created_by_type .. " is not known to this rule")
  end,

  examples = {
    {
      note = "an inactive key",
      given = { api_key = { status = "inactive" } },
      want = { verdict = "not_applicable", reason = "status is inactive" },
    },
    {
      note = "an expired key",
      given = { api_key = { status = "expired" } },
      want = { verdict = "not_applicable", reason = "status is expired" },
    },
    {
      note = "a status that this rule has never heard of",
      given = { api_key = { status = "enabled", created_by_id = "user_1", created_by_type = "user" }, users = { { id = "user_1" } } },
      want = { verdict = "unknown", reason = "status enabled is not known to this rule" },
    },
    {
      note = "created by a member",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_1" } },
      },
      want = "pass",
    },
    {
      note = "created by somebody who was removed since",
      given = {
        api_key = { status = "active", created_by_id = "user_9", created_by_type = "user" },
        users = { { id = "user_1" } },
      },
      want = { verdict = "fail", reason = "its creator is no longer a member" },
    },
    {
      note = "no creator at all",
      given = { api_key = { status = "active", created_by_id = null, created_by_type = null } },
      want = { verdict = "not_applicable", reason = "has no creator (legacy, federated or made by the system)" },
    },
    {
      note = "not in use any more",
      given = { api_key = { status = "archived", created_by_id = "user_9", created_by_type = "user" } },
      want = { verdict = "not_applicable", reason = "status is archived" },
    },
    {
      note = "a service account that is there",
      given = {
        api_key = { status = "active", created_by_id = "svac_1", created_by_type = "service_account" },
        service_accounts = { { id = "svac_1", name = "ci-deploy", archived_at = null } },
      },
      want = "pass",
    },
    {
      note = "a service account that is not",
      given = {
        api_key = { status = "active", created_by_id = "svac_9", created_by_type = "service_account" },
        service_accounts = { { id = "svac_1", name = "ci-deploy", archived_at = null } },
      },
      want = { verdict = "fail", reason = "no such service account as its creator" },
    },
    {
      note = "a service account that was archived",
      given = {
        api_key = { status = "active", created_by_id = "svac_1", created_by_type = "service_account" },
        service_accounts = { { id = "svac_1", name = "ci-deploy", archived_at = "2026-05-01T00:00:00Z" } },
      },
      want = { verdict = "fail", reason = "created by the service account ci-deploy, archived on 2026-05-01" },
    },
    {
      note = "service accounts were not collected: unknown for this key ...",
      given = {
        api_key = { status = "active", created_by_id = "svac_1", created_by_type = "service_account" },
        incomplete = { "service_accounts" },
      },
      want = "unknown",
    },
    {
      note = "... and for this key alone",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_1" } },
        incomplete = { "service_accounts" },
      },
      want = "pass",
    },
    {
      note = "half a list of members proves nobody gone",
      given = {
        api_key = { status = "active", created_by_id = "user_9", created_by_type = "user" },
        users = { { id = "user_1" } },
        incomplete = { "users" },
      },
      want = "unknown",
    },
    {
      note = "a kind of creator that came later",
      given = { api_key = { status = "active", created_by_id = "agent_1", created_by_type = "agent" } },
      want = { verdict = "unknown", reason = "creator of type agent is not known to this rule" },
    },
  },
}
