---@type muster.Rule
return {
  id = "process.waivers_healthy",
  title = "Waivers are approved, in force, and end",
  severity = "medium",
  subject = "waiver",
  reads = { "waivers.state", "waivers.expires" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.5.18" }, nist80053 = { "AC-2 j" }, pci4 = { "7.2.4" } },
  params = {
    days = { type = "integer", default = 365, minimum = 1, doc = "Days ahead of the run within which a waiver must end." },
  },
  why = "A waiver without an approver excuses nothing, and one without an end becomes the rule.",
  fix = "Edit the waivers file: have it approved, give it an end, or take it out when it is over. Which waivers excused nothing, the run's notices say.",

  check = function(waiver, org, params)
    if waiver.state == "not_started" then return not_applicable("has not started") end
    if waiver.state == "expired" or waiver.state == "unapproved" then
      return fail("state is " .. waiver.state, { state = waiver.state }, "active")
    end
    if waiver.state ~= "active" then return unknown("state " .. waiver.state .. " is not known to this rule") end
    if waiver:is_null("expires") then return fail("never ends", { state = waiver.state }, "an end") end
    if waiver.expires <= org.as_of + days(params.days) then return pass() end
    return fail("ends only on " .. waiver.expires:date(), { expires = waiver.expires }, string.format("within %d days", params.days))
  end,

  examples = {
    {
      note = "ends soon enough, to the second",
      given = { waiver = { state = "active", expires = "2026-11-30" }, as_of = "2026-11-20T00:00:00Z", params = { days = 10 } },
      want = "pass",
    },
    {
      note = "a day more",
      given = { waiver = { state = "active", expires = "2026-12-01" }, as_of = "2026-11-20T00:00:00Z", params = { days = 10 } },
      want = { verdict = "fail", reason = "ends only on 2026-12-01" },
    },
    { note = "for ever", given = { waiver = { state = "active", expires = null } }, want = { verdict = "fail", reason = "never ends" } },
    { note = "over", given = { waiver = { state = "expired" } }, want = { verdict = "fail", reason = "state is expired" } },
    { note = "nobody approved", given = { waiver = { state = "unapproved" } }, want = { verdict = "fail", reason = "state is unapproved" } },
    { note = "later", given = { waiver = { state = "not_started" } }, want = { verdict = "not_applicable", reason = "has not started" } },
    {
      note = "a state of tomorrow",
      given = { waiver = { state = "asleep" } },
      want = { verdict = "unknown", reason = "state asleep is not known to this rule" },
    },
  },
}
