local records = require("lib.records")

---@type muster.Rule
return {
  id = "activity.staff_access",
  title = "Access by Anthropic's staff was looked at",
  severity = "medium",
  subject = "organization",
  reads = {
    "activities.id",
    "activities.type",
    "activities.actor_type",
    "activities.created_at",
    "datasets.name",
    "datasets.covers_from",
    "datasets.covers_to",
  },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.5.18" },
    nist80053 = { "AC-2(4)" },
    pci4 = { "8.2.7" },
    hipaa = { "164.312(b)" },
  },
  params = {
    types = { type = "string_list", default = { "anthropic_access" }, doc = "Types of events that are such access." },
    actors = { type = "string_list", default = { "anthropic_actor" }, doc = "Kinds of actors that are Anthropic's staff." },
    reviewed_until = { type = "string", default = "", doc = "The last day (UTC) whose events somebody has looked at: 2026-11-19." },
    days = { type = "integer", default = 7, minimum = 0, doc = "Days that the activity feed must show at least; 0 takes what was collected." },
  },
  why = "The vendor's staff can see more than your own administrators; somebody of yours should know each time that they did.",
  fix = "Look at the events, ask Anthropic for the reason where you know none, and set `reviewed_until` in the policy. Such events are written when "
    .. "access transparency is switched on (console, Settings > Privacy); the API cannot forbid access.",

  check = function(_, org, params)
    local reviewed
    if params.reviewed_until ~= "" then
      reviewed = time(params.reviewed_until):plus_days(1)
      if reviewed:plus_days(-1) > org.as_of then return unknown("reviewed_until is a day that has not come: " .. params.reviewed_until) end
    end
    local seen, open = {}, {}
    local function look(events)
      for event in events do
        if not seen[event.id] then
          seen[event.id] = true
          if not reviewed or event.created_at >= reviewed then table.insert(open, event) end
        end
      end
    end
    look(org:activities({ type = params.types }))
    look(org:activities({ actor_type = params.actors }))
    if #open > 0 then
      return fail({
        reason = string.format("access by Anthropic's staff that nobody has looked at: %d", #open),
        observed = { events = #open },
        expected = "looked at",
        related = open,
      })
    end
    local gap = records.gap(org, "activities", params.days)
    if gap then return unknown(gap) end
    return pass()
  end,

  examples = (function()
    local function given(until_day, ...)
      local activities = {}
      for i, row in ipairs({ ... }) do
        activities[i] = { id = "activity_" .. i, type = row[1], actor_type = row[2], created_at = row[3] }
      end
      return {
        organization = { id = "o" },
        activities = activities,
        datasets = { { name = "activities", covers_from = "2026-11-13T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
        params = { reviewed_until = until_day },
        as_of = "2026-11-20T00:00:00Z",
      }
    end
    return {
      { note = "there was none", given = given("", { "sso_login_succeeded", "user_actor", "2026-11-19T00:00:00Z" }), want = "pass" },
      {
        note = "one, by its actor",
        given = given("", { "claude_chat_viewed", "anthropic_actor", "2026-11-19T00:00:00Z" }),
        want = { verdict = "fail", reason = "access by Anthropic's staff that nobody has looked at: 1", observed = { events = 1 } },
      },
      {
        note = "two, by type and actor both: each counts once",
        given = given("", { "anthropic_access", "anthropic_actor", "2026-11-19T00:00:00Z" }, { "anthropic_access", "system_actor", "2026-11-19T00:00:00Z" }),
        want = { verdict = "fail", reason = "access by Anthropic's staff that nobody has looked at: 2" },
      },
      { note = "looked at, to its last second", given = given("2026-11-19", { "anthropic_access", "anthropic_actor", "2026-11-19T23:59:59Z" }), want = "pass" },
      {
        note = "a second after what was looked at",
        given = given("2026-11-18", { "anthropic_access", "anthropic_actor", "2026-11-19T00:00:00Z" }),
        want = "fail",
      },
      { note = "today is a day that has come", given = given("2026-11-20"), want = "pass" },
      {
        note = "nobody looks at tomorrow",
        given = given("2026-11-21", { "anthropic_access", "anthropic_actor", "2026-11-19T00:00:00Z" }),
        want = { verdict = "unknown", reason = "reviewed_until is a day that has not come: 2026-11-21" },
      },
      { note = "no day", given = given("last week"), want = "error" },
      {
        note = "the feed is too short",
        given = {
          organization = { id = "o" },
          datasets = { { name = "activities", covers_from = "2026-11-19T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
          as_of = "2026-11-20T00:00:00Z",
        },
        want = { verdict = "unknown", reason = "activities: collected only from 2026-11-19 on" },
      },
      { note = "no feed", given = { organization = { id = "o" }, incomplete = { "activities" } }, want = "unknown" },
    }
  end)(),
}
