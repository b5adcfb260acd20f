---@type muster.Rule
return {
  id = "accounts.linked_to_roster",
  title = "Every account belongs to a person who works here, or to a registered non-human identity",
  severity = "high",
  subject = "user",
  reads = { "users.person_state", "users.person_last_day", "users.person_starts_at", "users.match_detail" },
  controls = {
    soc2 = { "CC6.1", "CC6.2" },
    iso27001 = { "A.5.16" },
    nist80053 = { "AC-2 d", "IA-4" },
    cis8 = { "5.1" },
    pci4 = { "8.2.1" },
    hipaa = { "164.312(a)(2)(i)" },
  },
  params = {
    leavers = {
      type = "string",
      default = "fail",
      choices = { "fail", "not_applicable" },
      doc = "What an account of somebody who left is here: `fail`, or `not_applicable` to leave it to accounts.leavers_removed.",
    },
  },
  why = "An account that nobody on the roster answers for has no one who needs it, reviews it or notices its misuse.",
  fix = "Remove the account in the console, or explain it: a link in the links file when the person uses another address, an entry in the register of "
    .. "non-human identities when it is a machine. Admins and owners cannot be removed through the API: change their role in the console first. "
    .. "Where SCIM manages members, remove the person in the identity provider.",

  check = function(user, _, params)
    local state = user.person_state

    if state == "active" then return pass() end
    if state == "nonhuman" then return pass("in the register of non-human identities") end

    if state == "left" or state == "left_unknown_date" then
      local reason = "left at an unknown date"
      if state == "left" then reason = "left on " .. user.person_last_day:date() end
      if params.leavers == "not_applicable" then return not_applicable(reason .. "; judged by accounts.leavers_removed") end
      return fail(reason, { match = user.match_detail }, "a person who works here")
    end

    if state == "not_started" then
      return fail("not yet started", { match = user.match_detail, starts_at = user.person_starts_at }, "a person who works here")
    end
    if state == "ambiguous" then
      return fail("ambiguous: " .. user.match_detail, { match = user.match_detail }, "one person")
    end
    if state == "nobody" then
      return fail("nobody on the roster", { match = user.match_detail }, "a person who works here")
    end
    if state == "contradictory" then
      return unknown("the roster contradicts itself: active, but the last day has passed")
    end
    return unknown("person state " .. state .. " is not known to this rule")
  end,

  examples = {
    {
      note = "a state that this rule has never heard of",
      given = { user = { person_state = "on_loan" } },
      want = { verdict = "unknown", reason = "person state on_loan is not known to this rule" },
    },
    { note = "works here", given = { user = { person_state = "active" } }, want = "pass" },
    {
      note = "a machine with an owner",
      given = { user = { person_state = "nonhuman" } },
      want = { verdict = "pass", reason = "in the register of non-human identities" },
    },
    {
      note = "left last month",
      given = { user = { person_state = "left", person_last_day = "2026-10-15", match_detail = "e-mail ana@northwind.example" } },
      want = { verdict = "fail", reason = "left on 2026-10-15" },
    },
    {
      note = "left, and leavers are another rule's work",
      given = { user = { person_state = "left", person_last_day = "2026-10-15" }, params = { leavers = "not_applicable" } },
      want = { verdict = "not_applicable", reason = "left on 2026-10-15; judged by accounts.leavers_removed" },
    },
    {
      note = "terminated, but the roster has no last day",
      given = { user = { person_state = "left_unknown_date", match_detail = "e-mail ana@northwind.example" } },
      want = { verdict = "fail", reason = "left at an unknown date" },
    },
    {
      note = "the same, left to the other rule",
      given = { user = { person_state = "left_unknown_date" }, params = { leavers = "not_applicable" } },
      want = { verdict = "not_applicable", reason = "left at an unknown date; judged by accounts.leavers_removed" },
    },
    {
      note = "hired, but not here yet",
      given = {
        user = { person_state = "not_started", person_starts_at = "2026-12-01T05:00:00Z", match_detail = "e-mail ana@northwind.example" },
      },
      want = { verdict = "fail", reason = "not yet started" },
    },
    {
      note = "one address, two people",
      given = {
        user = { person_state = "ambiguous", match_detail = "2 active persons under kim@northwind.example: NW-10, NW-22" },
      },
      want = { verdict = "fail", reason = "ambiguous: 2 active persons under kim@northwind.example: NW-10, NW-22" },
    },
    {
      note = "an address that HR does not know",
      given = { user = { person_state = "nobody", match_detail = "nobody has x@elsewhere.example" } },
      want = { verdict = "fail", reason = "nobody on the roster" },
    },
    {
      note = "active, yet the last day has passed: the roster must be mended first",
      given = { user = { person_state = "contradictory" } },
      want = { verdict = "unknown", reason = "the roster contradicts itself: active, but the last day has passed" },
    },
    { note = "no roster, no judgement", given = { user = { id = "user_1" }, incomplete = { "persons" } }, want = "unknown" },
  },
}
