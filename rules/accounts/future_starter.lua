local words = require("lib.words")

---@type muster.Rule
return {
  id = "accounts.future_starter",
  title = "Nobody has an account before they start",
  severity = "low",
  subject = "user",
  reads = { "users.person_state", "users.person_starts_at" },
  controls = {
    soc2 = { "CC6.2" },
    iso27001 = { "A.5.16" },
    nist80053 = { "AC-2 e", "PS-3" },
    cis8 = { "6.1" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(3)(ii)(A)" },
  },
  params = {
    early_days = { type = "integer", default = 0, minimum = 0, doc = "Days before the start from which the account may exist." },
  },
  why = "Before the first day nobody has signed the agreements, and the one who reads the mailbox may never come.",
  fix = "Remove the account in the console (Settings > Members) or by the API, and invite the person on the first day; or correct the "
    .. "start in the HR system. Admins cannot be removed by the API.",

  check = function(user, org, params)
    local state = user.person_state
    if not words.person_states[state] then return unknown("person state " .. state .. " is not known to this rule") end
    if state ~= "not_started" then return not_applicable("the roster says: " .. state) end
    if user.person_starts_at <= org.as_of + days(params.early_days) then return pass("starts on " .. user.person_starts_at:date()) end
    return fail("starts only on " .. user.person_starts_at:date(), { starts_at = user.person_starts_at }, "an account from the start on")
  end,

  examples = {
    {
      note = "three days ahead to the second",
      given = {
        user = { person_state = "not_started", person_starts_at = "2026-11-23T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { early_days = 3 },
      },
      want = { verdict = "pass", reason = "starts on 2026-11-23" },
    },
    {
      note = "a microsecond more",
      given = {
        user = { person_state = "not_started", person_starts_at = "2026-11-23T08:00:00.000001Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { early_days = 3 },
      },
      want = { verdict = "fail", reason = "starts only on 2026-11-23" },
    },
    {
      note = "works here",
      given = { user = { person_state = "active" } },
      want = { verdict = "not_applicable", reason = "the roster says: active" },
    },
    {
      note = "a state of tomorrow",
      given = { user = { id = "user_1", person_state = "on_loan" } },
      want = { verdict = "unknown", reason = "person state on_loan is not known to this rule" },
    },
    {
      note = "no start is known",
      given = { user = { person_state = "not_started", person_starts_at = null } },
      want = "unknown",
    },
  },
}
