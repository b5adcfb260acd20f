local without_effect = {
  expired = "expired",
  unapproved = "unapproved",
  too_long = "too long",
  too_broad = "too broad",
}

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
  why = "A waiver without an approver, or for too many or too long, excuses nothing, and one without an end becomes the rule.",
  fix = "Edit the waivers file: have it approved, give it an end, name fewer subjects, or take it out when it is over. "
    .. "`muster waiver check` names file and line, and those that excuse nothing.",

  check = function(waiver, org, params)
    if waiver.state == "not_started" then return not_applicable("has not started") end
    local state = without_effect[waiver.state]
    if state then return fail("has no effect: it is " .. state, { state = waiver.state }, "active") end
    if waiver.state ~= "active" and waiver.state ~= "expiring_soon" then
      return unknown("state " .. waiver.state .. " is not known to this rule")
    end
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
    { note = "over", given = { waiver = { state = "expired" } }, want = { verdict = "fail", reason = "has no effect: it is expired" } },
    {
      note = "nobody approved",
      given = { waiver = { state = "unapproved" } },
      want = { verdict = "fail", reason = "has no effect: it is unapproved" },
    },
    {
      note = "longer than the config allows",
      given = { waiver = { state = "too_long" } },
      want = { verdict = "fail", reason = "has no effect: it is too long" },
    },
    {
      note = "fits more than the config allows",
      given = { waiver = { state = "too_broad" } },
      want = { verdict = "fail", reason = "has no effect: it is too broad" },
    },
    {
      note = "over soon: in force until then",
      given = { waiver = { state = "expiring_soon", expires = "2026-11-25" }, as_of = "2026-11-20T00:00:00Z" },
      want = "pass",
    },
    { note = "later", given = { waiver = { state = "not_started" } }, want = { verdict = "not_applicable", reason = "has not started" } },
    {
      note = "a state of tomorrow",
      given = { waiver = { state = "asleep" } },
      want = { verdict = "unknown", reason = "state asleep is not known to this rule" },
    },
  },
}
