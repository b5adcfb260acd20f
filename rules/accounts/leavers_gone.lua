---@type muster.Rule
return {
  id = "accounts.leavers_gone",
  title = "Whoever left lately has no account left",
  severity = "high",
  subject = "person",
  reads = { "persons.state", "persons.left_at", "users.id" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.18" },
    nist80053 = { "PS-4 a", "AC-2 l" },
    cis8 = { "6.2" },
    pci4 = { "8.2.5" },
    hipaa = { "164.308(a)(3)(ii)(C)" },
  },
  params = {
    days = { type = "integer", default = 365, minimum = 1, doc = "Days back within which people who left are looked at." },
  },
  why = "Auditors start from the list of those who left, not from the list of accounts: each of them is shown here, with what is left of "
    .. "their access.",
  fix = "Remove the accounts in the console (Settings > Members) or by the API, or in the identity provider where it manages members. "
    .. "Admins and owners cannot be removed by the API.",

  check = function(person, org, params)
    local state = person.state
    if state == "active" or state == "not_started" then return not_applicable("has not left: " .. state) end
    if state == "left" then
      if person.left_at + days(params.days) < org.as_of then
        return not_applicable("left on " .. person.left_at:date() .. ", before the window")
      end
    elseif state ~= "left_unknown_date" then
      return unknown("the roster says: " .. state)
    end
    local accounts = person:count("accounts")
    if accounts == 0 then return pass("no account is left") end
    local left = {}
    for account in person:accounts() do
      table.insert(left, account)
    end
    return fail({
      reason = string.format("accounts that are left: %d", accounts),
      observed = { accounts = accounts },
      expected = "none",
      related = left,
    })
  end,

  examples = {
    {
      note = "gone, a year ago to the second",
      given = {
        person = { person_id = "1", state = "left", left_at = "2025-11-21T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated", ["end"] = "2025-11-20" } },
        users = {},
        as_of = "2026-11-21T00:00:00Z",
      },
      want = { verdict = "pass", reason = "no account is left" },
    },
    {
      note = "a microsecond before the window",
      given = { person = { state = "left", left_at = "2025-11-20T07:59:59.999999Z" }, users = {}, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "left on 2025-11-20, before the window" },
    },
    {
      note = "works here",
      given = { person = { state = "active" } },
      want = { verdict = "not_applicable", reason = "has not left: active" },
    },
    {
      note = "will come",
      given = { person = { state = "not_started" } },
      want = { verdict = "not_applicable", reason = "has not left: not_started" },
    },
    {
      note = "nobody knows when",
      given = {
        person = { person_id = "1", state = "left_unknown_date" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated" } },
        users = { { id = "user_2", email = "bo@n.example" } },
      },
      want = { verdict = "pass", reason = "no account is left" },
    },
    {
      note = "one account is left",
      given = {
        person = { person_id = "1", state = "left", left_at = "2026-11-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated" } },
        users = { { id = "user_1", email = "ana@n.example" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "accounts that are left: 1", observed = { accounts = 1 } },
    },
    {
      note = "the roster contradicts itself",
      given = { person = { state = "contradictory" } },
      want = { verdict = "unknown", reason = "the roster says: contradictory" },
    },
    {
      note = "accounts were not collected",
      given = { person = { state = "left", left_at = "2026-11-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z", incomplete = { "users" } },
      want = "unknown",
    },
  },
}
