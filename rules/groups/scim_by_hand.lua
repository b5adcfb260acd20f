local records = require("lib.records")

---@type muster.Rule
return {
  id = "groups.scim_by_hand",
  title = "Groups of the directory are changed by the directory alone",
  severity = "high",
  subject = "group",
  reads = {
    "groups.source_type",
    "activities.type",
    "activities.actor_type",
    "activities.created_at",
    "datasets.name",
    "datasets.covers_from",
    "datasets.covers_to",
  },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.16", "A.5.18" },
    nist80053 = { "AC-2(1)", "AC-2 e" },
    cis8 = { "5.6" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  params = {
    types = {
      type = "string_list",
      default = { "group_member_added", "group_member_removed", "group_updated", "group_deleted" },
      doc = "Types of events that change a group.",
    },
    actors = { type = "string_list", default = { "scim_directory_sync_actor" }, doc = "Kinds of actors that may." },
    days = { type = "integer", default = 7, minimum = 0, doc = "Days that the activity feed must show at least; 0 takes what was collected." },
  },
  why = "Who is put into such a group by hand has rights that the directory does not know of, and that no leaving takes away.",
  fix = "Undo the change in the directory, and ask who made it (the event names the actor). The API refuses such changes (400), so look at how it "
    .. "was possible.",

  check = function(group, org, params)
    if group.source_type == "direct" then return not_applicable("is kept by hand") end
    if group.source_type ~= "scim" then return unknown("source " .. group.source_type .. " is not known to this rule") end
    local times, last = 0, nil
    for event in group:activities({ type = params.types }) do
      if not params.actors:has(event.actor_type) then
        times = times + 1
        if not last or event.created_at > last.created_at then last = event end
      end
    end
    if times > 0 then
      return fail({
        reason = string.format("changes past the directory: %d, the last on %s by %s", times, last.created_at:date(), last.actor_type),
        observed = { changes = times, type = last.type, at = last.created_at },
        expected = params.actors,
        related = { last },
      })
    end
    local gap = records.gap(org, "activities", params.days)
    if gap then return unknown(gap) end
    return pass()
  end,

  examples = {
    {
      note = "by the directory alone; what is no change does not count, nor what happened to another group",
      given = {
        group = { id = "g", source_type = "scim" },
        activities = {
          { id = "a", group_id = "g", type = "group_member_added", actor_type = "scim_directory_sync_actor", created_at = "2026-11-19T00:00:00Z" },
          { id = "b", group_id = "g", type = "group_viewed", actor_type = "user_actor", created_at = "2026-11-19T00:00:00Z" },
          { id = "c", group_id = "h", type = "group_updated", actor_type = "user_actor", created_at = "2026-11-19T00:00:00Z" },
        },
        datasets = { { name = "activities", covers_from = "2026-11-13T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = "pass",
    },
    {
      note = "once by hand",
      given = {
        group = { id = "g", source_type = "scim" },
        activities = { { id = "a", group_id = "g", type = "group_updated", actor_type = "user_actor", created_at = "2026-11-19T00:00:00Z" } },
      },
      want = { verdict = "fail", reason = "changes past the directory: 1, the last on 2026-11-19 by user_actor" },
    },
    {
      note = "twice, the earlier one first",
      given = {
        group = { id = "g", source_type = "scim" },
        activities = {
          { id = "a", group_id = "g", type = "group_updated", actor_type = "user_actor", created_at = "2026-11-18T00:00:00Z" },
          { id = "b", group_id = "g", type = "group_member_added", actor_type = "api_actor", created_at = "2026-11-19T00:00:00Z" },
        },
      },
      want = {
        verdict = "fail",
        reason = "changes past the directory: 2, the last on 2026-11-19 by api_actor",
        observed = { changes = 2, type = "group_member_added" },
      },
    },
    {
      note = "twice, the later one first",
      given = {
        group = { id = "g", source_type = "scim" },
        activities = {
          { id = "b", group_id = "g", type = "group_member_added", actor_type = "api_actor", created_at = "2026-11-19T00:00:00Z" },
          { id = "c", group_id = "g", type = "group_member_removed", actor_type = "admin_api_key_actor", created_at = "2026-11-19T00:00:00Z" },
          { id = "a", group_id = "g", type = "group_updated", actor_type = "user_actor", created_at = "2026-11-18T00:00:00Z" },
        },
      },
      want = { verdict = "fail", reason = "changes past the directory: 3, the last on 2026-11-19 by api_actor" },
    },
    { note = "kept by hand", given = { group = { id = "g", source_type = "direct" } }, want = { verdict = "not_applicable", reason = "is kept by hand" } },
    {
      note = "a source of tomorrow",
      given = { group = { id = "g", source_type = "ldap" } },
      want = { verdict = "unknown", reason = "source ldap is not known to this rule" },
    },
    {
      note = "the feed was collected for two days",
      given = {
        group = { id = "g", source_type = "scim" },
        datasets = { { name = "activities", covers_from = "2026-11-18T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = { verdict = "unknown", reason = "activities: collected only from 2026-11-18 on" },
    },
    { note = "no feed", given = { group = { id = "g", source_type = "scim" }, incomplete = { "activities" } }, want = "unknown" },
  },
}
