local records = require("lib.records")

local epoch = time("1970-01-01T00:00:00Z")
local week = { "thu", "fri", "sat", "sun", "mon", "tue", "wed" } -- the epoch was a Thursday

-- "09:30" as minutes of the day; nil when it is no time of day.
local function minutes(text)
  local parts = text:split(":")
  local hour, minute = tonumber(parts[1]), tonumber(parts[2] or "")
  if #parts ~= 2 then return nil end
  -- equivalent and: calculating with what is no number ends in an error as well
  if not hour or not minute then return nil end
  return hour * 60 + minute
end

-- Whether the time lies in one of the windows: "tue 09:00-17:00", "* 08:00-18:00".
local function is_within(at, windows)
  local passed = at - epoch
  local today = week[passed:whole_days() % 7 + 1]
  local now = passed:hours() % 24 * 60
  local found = false
  for text in windows:items() do
    local parts = text:split(" ")
    local span = (parts[2] or ""):split("-")
    local from, to = minutes(span[1]), minutes(span[2] or "")
    local is_whole = #parts == 2 and #span == 2
    -- equivalent or: comparing with what is no number ends in an error as well
    if not is_whole or not (from and to) then error("windows: write a day and two times, as tue 09:00-17:00, not '" .. text .. "'") end
    if today:glob(parts[1]) and from <= now and now < to then found = true end
  end
  return found
end

---@type muster.Rule
return {
  id = "activity.admin_keys",
  title = "Admin keys are made within the change windows",
  severity = "high",
  subject = "organization",
  reads = { "activities.type", "activities.created_at", "activities.actor_type", "datasets.name", "datasets.covers_from", "datasets.covers_to" },
  controls = {
    soc2 = { "CC6.1", "CC6.3" },
    iso27001 = { "A.8.2" },
    nist80053 = { "AC-2(4)", "AC-6(9)" },
    cis8 = { "5.4" },
    pci4 = { "7.2.2", "8.6.1" },
    hipaa = { "164.312(b)" },
  },
  params = {
    types = { type = "string_list", default = { "admin_api_key_created" }, doc = "Types of events that make a key." },
    windows = {
      type = "string_list",
      default = {},
      doc = "When keys may be made, in UTC: a day (`mon` … `sun`, or `*`) and two times, as `tue 09:00-17:00`. Without any, nothing can be decided.",
    },
    days = { type = "integer", default = 7, minimum = 0, doc = "Days that the activity feed must show at least; 0 takes what was collected." },
  },
  why = "An Admin key opens everything and outlives its maker. One that is made at night, by nobody's plan, is how an intruder stays.",
  fix = "Ask the actor of the event why it was made; delete the key in the console (Settings > Admin keys) unless there is a change for it. The API "
    .. "neither lists nor deletes Admin keys.",

  check = function(_, org, params)
    if #params.windows == 0 then return unknown("the policy declares no change windows") end
    local outside, made = {}, 0
    for event in org:activities({ type = params.types }) do
      made = made + 1
      if not is_within(event.created_at, params.windows) then table.insert(outside, event) end
    end
    if #outside > 0 then
      return fail({
        reason = string.format("Admin keys made outside the change windows: %d of %d", #outside, made),
        observed = { outside = #outside, at = outside[1].created_at, by = outside[1].actor_type },
        expected = params.windows,
        related = outside,
      })
    end
    local gap = records.gap(org, "activities", params.days)
    if gap then return unknown(gap) end
    return pass()
  end,

  examples = (function()
    local function given(windows, ...)
      local activities = {}
      for i, at in ipairs({ ... }) do
        activities[i] = { id = "activity_" .. i, type = "admin_api_key_created", actor_type = "user_actor", created_at = at }
      end
      table.insert(activities, { id = "z", type = "admin_api_key_deleted", actor_type = "user_actor", created_at = "2026-11-15T03:00:00Z" })
      return {
        organization = { id = "o" },
        activities = activities,
        datasets = { { name = "activities", covers_from = "2026-11-13T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
        params = { windows = windows },
        as_of = "2026-11-20T00:00:00Z",
      }
    end
    return {
      { note = "the first minute of a Tuesday's window", given = given({ "tue 09:30-17:00" }, "2026-11-17T09:30:00Z"), want = "pass" },
      { note = "the second of two windows", given = given({ "mon 00:00-24:00", "wed 00:00-24:00" }, "2026-11-18T23:59:59Z"), want = "pass" },
      { note = "the first of two windows", given = given({ "wed 00:00-24:00", "mon 00:00-24:00" }, "2026-11-18T00:00:00Z"), want = "pass" },
      { note = "any day", given = given({ "* 08:00-18:00" }, "2026-11-15T12:00:00Z"), want = "pass" },
      {
        note = "the minute at which the window ends",
        given = given({ "tue 09:30-17:00" }, "2026-11-17T17:00:00Z"),
        want = { verdict = "fail", reason = "Admin keys made outside the change windows: 1 of 1" },
      },
      { note = "a second before it begins", given = given({ "tue 09:30-17:00" }, "2026-11-17T09:29:59Z"), want = "fail" },
      {
        note = "another day",
        given = given({ "tue 09:30-17:00" }, "2026-11-18T12:00:00Z", "2026-11-17T12:00:00Z"),
        want = {
          verdict = "fail",
          reason = "Admin keys made outside the change windows: 1 of 2",
          observed = { outside = 1, at = "2026-11-18T12:00:00Z", by = "user_actor" },
        },
      },
      { note = "a Sunday", given = given({ "sun 00:00-24:00" }, "2026-11-15T12:00:00Z"), want = "pass" },
      { note = "a Monday", given = given({ "mon 00:00-24:00" }, "2026-11-16T12:00:00Z"), want = "pass" },
      { note = "a Thursday", given = given({ "thu 00:00-24:00" }, "2026-11-19T12:00:00Z"), want = "pass" },
      { note = "a Friday", given = given({ "fri 00:00-24:00" }, "2026-11-13T12:00:00Z"), want = "pass" },
      { note = "a Saturday", given = given({ "sat 00:00-24:00" }, "2026-11-14T12:00:00Z"), want = "pass" },
      { note = "none was made", given = given({ "tue 09:30-17:00" }), want = "pass" },
      { note = "no windows", given = given({}), want = { verdict = "unknown", reason = "the policy declares no change windows" } },
      {
        note = "the feed is too short",
        given = {
          organization = { id = "o" },
          datasets = { { name = "activities", covers_from = "2026-11-19T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
          params = { windows = { "* 00:00-24:00" } },
          as_of = "2026-11-20T00:00:00Z",
        },
        want = { verdict = "unknown", reason = "activities: collected only from 2026-11-19 on" },
      },
      { note = "a slip: no times", given = given({ "tue" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: one time", given = given({ "tue 09:00" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: three words", given = given({ "tue 09:00-17:00 UTC" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: three times", given = given({ "tue 09:00-17:00-18:00" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: hours alone", given = given({ "tue 09-17" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: an hour alone at the end", given = given({ "tue 09:00-17" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: seconds", given = given({ "tue 09:00:00-17:00" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: no hour", given = given({ "tue x:00-17:00" }, "2026-11-17T12:00:00Z"), want = "error" },
      { note = "a slip: no minute", given = given({ "tue 09:x-17:00" }, "2026-11-17T12:00:00Z"), want = "error" },
      {
        note = "no feed",
        given = { organization = { id = "o" }, params = { windows = { "* 00:00-24:00" } }, incomplete = { "activities" } },
        want = "unknown",
      },
    }
  end)(),
}
