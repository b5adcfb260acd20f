local records = require("lib.records")
local settings = require("lib.settings")
local words = require("lib.words")

---@type muster.Rule
return {
  id = "activity.scim_changes",
  title = "Where the directory manages accounts, nobody else changes them",
  severity = "high",
  subject = "organization",
  reads = {
    "organizations.id",
    "settings.name",
    "settings.value",
    "activities.type",
    "activities.actor_type",
    "activities.created_at",
    "activities.organization_uuid",
    "datasets.name",
    "datasets.covers_from",
    "datasets.covers_to",
  },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.16", "A.5.18" },
    nist80053 = { "AC-2(1)", "AC-2(4)" },
    cis8 = { "5.6", "6.1" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  params = {
    types = {
      type = "string_list",
      default = {
        "claude_user_role_updated",
        "org_user_deleted",
        "org_user_invite_accepted",
        "org_user_invite_sent",
        "role_assignment_granted",
        "role_assignment_revoked",
      },
      doc = "Types of events that change who is in the organization, or what they may.",
    },
    actors = { type = "string_list", default = { "scim_directory_sync_actor" }, doc = "Kinds of actors that may." },
    modes = {
      type = "string_list",
      default = { "scim_permissive", "scim_advanced" },
      doc = "Values of `sso_provisioning_mode` under which the directory manages accounts.",
    },
    days = { type = "integer", default = 7, minimum = 0, doc = "Days that the activity feed must show at least; 0 takes what was collected." },
  },
  why = "An account that was made past the directory is one that no leaving takes away.",
  fix = "Make the change in the directory instead, and undo this one (console, Settings > Members). Ask who made it: the event names the actor.",

  check = function(organization, org, params)
    local setting = settings.find(organization, "sso_provisioning_mode")
    if not setting then return unknown("sso_provisioning_mode is not reported") end
    local mode = setting.value
    if not words.provisioning_modes[mode] then return unknown("mode " .. tostring(mode) .. " is not known to this rule") end
    if not params.modes:has(mode) then return not_applicable("provisioning is " .. mode) end
    local found, counts, kinds = {}, {}, {}
    for event in org:activities({ type = params.types }) do
      -- Events that name no organization may be of this one.
      if not params.actors:has(event.actor_type) and event:get("organization_uuid", organization.id) == organization.id then
        table.insert(found, event)
        if not counts[event.type] then table.insert(kinds, event.type) end
        counts[event.type] = (counts[event.type] or 0) + 1
      end
    end
    if #found > 0 then
      table.sort(kinds)
      for i, kind in ipairs(kinds) do
        kinds[i] = kind .. " " .. counts[kind]
      end
      return fail({
        reason = "changes past the directory: " .. table.concat(kinds, ", "),
        observed = { changes = #found },
        expected = params.actors,
        related = found,
      })
    end
    local gap = records.gap(org, "activities", params.days)
    if gap then return unknown(gap) end
    return pass()
  end,

  examples = (function()
    local function given(mode, ...)
      local activities = {}
      for i, row in ipairs({ ... }) do
        activities[i] = { id = "activity_" .. i, type = row[1], actor_type = row[2], organization_uuid = row[3] or null, created_at = "2026-11-19T00:00:00Z" }
      end
      return {
        organization = { id = "o" },
        settings = { { organization_id = "o", name = "sso_provisioning_mode", value = mode } },
        activities = activities,
        datasets = { { name = "activities", covers_from = "2026-11-13T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
        as_of = "2026-11-20T00:00:00Z",
      }
    end
    return {
      {
        note = "by the directory; in another organization; and what changes nobody",
        given = given(
          "scim_advanced",
          { "org_user_deleted", "scim_directory_sync_actor", "o" },
          { "org_user_deleted", "user_actor", "elsewhere" },
          { "sso_login_succeeded", "user_actor" }
        ),
        want = "pass",
      },
      {
        note = "by hand",
        given = given(
          "scim_permissive",
          { "org_user_invite_sent", "user_actor", "o" },
          { "org_user_deleted", "admin_api_key_actor" },
          { "org_user_invite_sent", "user_actor", "o" }
        ),
        want = {
          verdict = "fail",
          reason = "changes past the directory: org_user_deleted 1, org_user_invite_sent 2",
          observed = { changes = 3 },
        },
      },
      { note = "once by hand", given = given("scim_advanced", { "org_user_deleted", "user_actor", "o" }), want = "fail" },
      { note = "no directory", given = given("login_only"), want = { verdict = "not_applicable", reason = "provisioning is login_only" } },
      { note = "a mode of tomorrow", given = given("magic"), want = { verdict = "unknown", reason = "mode magic is not known to this rule" } },
      {
        note = "no mode",
        given = { organization = { id = "o" }, settings = {} },
        want = { verdict = "unknown", reason = "sso_provisioning_mode is not reported" },
      },
      {
        note = "the feed is too short",
        given = {
          organization = { id = "o" },
          settings = { { organization_id = "o", name = "sso_provisioning_mode", value = "scim_advanced" } },
          datasets = { { name = "activities", covers_from = "2026-11-19T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
          as_of = "2026-11-20T00:00:00Z",
        },
        want = { verdict = "unknown", reason = "activities: collected only from 2026-11-19 on" },
      },
      { note = "no feed", given = { organization = { id = "o" }, incomplete = { "activities" } }, want = "unknown" },
    }
  end)(),
}
