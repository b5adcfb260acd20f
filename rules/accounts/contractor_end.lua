local words = require("lib.words")

---@type muster.Rule
return {
  id = "accounts.contractor_end",
  title = "Contractors have a last day, and it is near enough",
  severity = "medium",
  subject = "user",
  reads = { "users.person_state", "persons.kind", "persons.last_day" },
  controls = {
    soc2 = { "CC6.2" },
    iso27001 = { "A.5.16", "A.5.18" },
    nist80053 = { "PS-7", "AC-2(2)" },
    cis8 = { "5.1", "6.2" },
    pci4 = { "8.2.7" },
    hipaa = { "164.308(a)(3)(ii)(A)" },
  },
  params = {
    exempt = { type = "string_list", default = { "employee" }, doc = "Kinds of person who need no last day: employee, contractor, external." },
    days = { type = "integer", default = 365, minimum = 1, doc = "Days ahead within which the last day must be." },
  },
  why = "Nobody tells HR that a contract has run out; without a last day the account stays until somebody stumbles over it.",
  fix = "Have the last day of the contract entered in the HR system; when it passes, accounts.leavers_removed asks for the account. The "
    .. "API knows no end of an account.",

  check = function(user, org, params)
    local state = user.person_state
    if not words.person_states[state] then return unknown("person state " .. state .. " is not known to this rule") end
    if state ~= "active" then return not_applicable("the roster says: " .. state) end
    local person = user.person
    if params.exempt:has(person.kind) then return not_applicable("of kind " .. person.kind) end
    if person:is_null("last_day") then return fail("of kind " .. person.kind .. ", without a last day", { kind = person.kind }, "a last day") end
    if person.last_day <= org.as_of + days(params.days) then return pass() end
    return fail(
      string.format("of kind %s, with the last day %s, more than %d days ahead", person.kind, person.last_day:date(), params.days),
      { kind = person.kind, last_day = person.last_day },
      string.format("within %d days", params.days)
    )
  end,

  examples = {
    {
      note = "the last day is near enough",
      given = {
        user = { id = "user_1", email = "ana@n.example" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", kind = "contractor", ["end"] = "2026-11-30" } },
        as_of = "2026-11-20T00:00:00Z",
        params = { days = 10 },
      },
      want = "pass",
    },
    {
      note = "a day too far",
      given = {
        user = { id = "user_1", email = "ana@n.example" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", kind = "contractor", ["end"] = "2026-12-01" } },
        as_of = "2026-11-20T00:00:00Z",
        params = { days = 10 },
      },
      want = { verdict = "fail", reason = "of kind contractor, with the last day 2026-12-01, more than 10 days ahead" },
    },
    {
      note = "no last day",
      given = {
        user = { id = "user_1", email = "ana@n.example" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", kind = "external" } },
        as_of = "2026-11-20T00:00:00Z",
        params = { days = 10 },
      },
      want = { verdict = "fail", reason = "of kind external, without a last day" },
    },
    {
      note = "an employee",
      given = {
        user = { id = "user_1", email = "ana@n.example" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", kind = "employee" } },
        as_of = "2026-11-20T00:00:00Z",
        params = { days = 10 },
      },
      want = { verdict = "not_applicable", reason = "of kind employee" },
    },
    {
      note = "has left",
      given = { user = { id = "user_1", person_state = "left" } },
      want = { verdict = "not_applicable", reason = "the roster says: left" },
    },
    {
      note = "a state of tomorrow",
      given = { user = { id = "user_1", person_state = "on_loan" } },
      want = { verdict = "unknown", reason = "person state on_loan is not known to this rule" },
    },
    {
      note = "the roster was not read",
      given = { user = { id = "user_1", email = "ana@n.example" }, incomplete = { "roster" } },
      want = "unknown",
    },
    {
      note = "an employee, where they are meant too",
      given = {
        user = { id = "user_1", email = "ana@n.example" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", kind = "employee" } },
        params = { exempt = {} },
      },
      want = { verdict = "fail", reason = "of kind employee, without a last day" },
    },
  },
}
