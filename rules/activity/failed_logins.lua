local records = require("lib.records")

---@type muster.Rule
return {
  id = "activity.failed_logins",
  title = "Nobody tries to sign in again and again",
  severity = "medium",
  subject = "organization",
  reads = {
    "activities.type",
    "activities.created_at",
    "activities.actor_email",
    "activities.ip_address",
    "datasets.name",
    "datasets.covers_from",
    "datasets.covers_to",
  },
  controls = {
    soc2 = { "CC6.1", "CC6.6" },
    iso27001 = { "A.8.5" },
    nist80053 = { "AC-7", "AC-2(12)" },
    pci4 = { "8.3.4" },
    hipaa = { "164.308(a)(5)(ii)(C)" },
  },
  params = {
    types = {
      type = "string_list",
      default = { "magic_link_login_failed", "social_login_failed", "sso_login_failed" },
      doc = "Types of events that are failed sign-ins.",
    },
    failures = { type = "integer", default = 10, minimum = 2, doc = "Failures of one address, or from one network address, that make a burst." },
    minutes = { type = "integer", default = 10, minimum = 1, doc = "Minutes within which they happen." },
    days = { type = "integer", default = 7, minimum = 0, doc = "Days that the activity feed must show at least; 0 takes what was collected." },
  },
  why = "A burst of failures is somebody who guesses; the one that follows may have guessed right.",
  fix = "Look at what the address did afterwards (activity feed, and the identity provider's log), and end its sessions and change its keys when in "
    .. "doubt. The addresses of failed sign-ins are claimed by whoever tried. The API cannot block anybody.",

  check = function(_, org, params)
    local attempts = {}
    for event in org:activities({ type = params.types }) do
      for _, who in ipairs({ event:get("actor_email", ""), event:get("ip_address", "") }) do
        if who ~= "" then
          attempts[who] = attempts[who] or {}
          table.insert(attempts[who], event.created_at)
        end
      end
    end
    local bursts = {}
    for who, times in pairs(attempts) do
      table.sort(times)
      local first = nil
      for i = params.failures, #times do
        local from = times[i - params.failures + 1]
        if not first and (times[i] - from):hours() * 60 <= params.minutes then first = from end
      end
      if first then table.insert(bursts, who .. " from " .. tostring(first) .. " on") end
    end
    if #bursts > 0 then
      return fail(
        "bursts of failed sign-ins: " .. table.concat(bursts, "; "),
        { bursts = bursts },
        string.format("fewer than %d within %d minutes", params.failures, params.minutes)
      )
    end
    local gap = records.gap(org, "activities", params.days)
    if gap then return unknown(gap) end
    return pass()
  end,

  examples = (function()
    local function given(rows)
      for i, row in ipairs(rows) do
        row.id = "activity_" .. i
        row.type = row.type or "sso_login_failed"
        row.ip_address = row.ip_address or null
      end
      return {
        organization = { id = "o" },
        activities = rows,
        datasets = { { name = "activities", covers_from = "2026-11-13T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
        params = { failures = 3, minutes = 10 },
        as_of = "2026-11-20T00:00:00Z",
      }
    end
    return {
      {
        note = "three in just ten minutes, newest first",
        given = given({
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:10:00Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:01:00Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:00Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T08:00:00Z" },
        }),
        want = { verdict = "fail", reason = "bursts of failed sign-ins: ana@n.example from 2026-11-19T10:00:00Z on" },
      },
      {
        note = "a second longer",
        given = given({
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:10:01Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:01:00Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:00Z" },
        }),
        want = "pass",
      },
      {
        note = "two are none",
        given = given({
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:00Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:01Z" },
        }),
        want = "pass",
      },
      {
        note = "two bursts: the first is told",
        given = given({
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:00Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:01Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:02Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:03Z" },
        }),
        want = { verdict = "fail", reason = "bursts of failed sign-ins: ana@n.example from 2026-11-19T10:00:00Z on" },
      },
      {
        note = "one network tries many addresses",
        given = given({
          { actor_email = "ana@n.example", ip_address = "203.0.113.9", created_at = "2026-11-19T10:00:00Z" },
          { actor_email = "bo@n.example", ip_address = "203.0.113.9", created_at = "2026-11-19T10:00:01Z" },
          { actor_email = null, ip_address = "203.0.113.9", created_at = "2026-11-19T10:00:02Z" },
        }),
        want = { verdict = "fail", reason = "bursts of failed sign-ins: 203.0.113.9 from 2026-11-19T10:00:00Z on" },
      },
      {
        note = "nobody knows who: no burst of anybody; and what worked is no failure",
        given = given({
          { actor_email = null, created_at = "2026-11-19T10:00:00Z" },
          { actor_email = null, created_at = "2026-11-19T10:00:01Z" },
          { actor_email = null, created_at = "2026-11-19T10:00:02Z" },
          { type = "sso_login_succeeded", actor_email = "ana@n.example", created_at = "2026-11-19T10:00:02Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:02Z" },
          { actor_email = "ana@n.example", created_at = "2026-11-19T10:00:02Z" },
        }),
        want = "pass",
      },
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
