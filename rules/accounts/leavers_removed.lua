local out_of_question = {
  active = "works here",
  not_started = "not yet started",
  ambiguous = "several people fit; judged by accounts.linked_to_roster",
  nobody = "nobody on the roster; judged by accounts.linked_to_roster",
  nonhuman = "in the register of non-human identities",
}

---@type muster.Rule
return {
  id = "accounts.leavers_removed",
  title = "Accounts of people who left are removed in time",
  severity = "critical",
  subject = "user",
  reads = { "users.person_state", "users.person_left_at", "users.person_last_day" },
  -- PCI 8.2.5 says "immediately": a policy may claim it only with grace_days 0, so it is not among the rule's own controls.
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.18", "A.6.5" },
    nist80053 = { "PS-4 a", "PS-4 b", "AC-2(3) b" },
    cis8 = { "6.2" },
    hipaa = { "164.308(a)(3)(ii)(C)" },
  },
  params = {
    grace_days = {
      type = "integer",
      default = 1,
      minimum = 0,
      doc = "Days after the end of the last day within which the account must be gone; 0 means at the end of the last day.",
    },
  },
  measure = { name = "overdue", unit = "days", edges = { 0, 7, 30, 90, 365 } },
  why = "Access that outlives employment is the most common finding in access reviews, and nobody is left who would notice its use.",
  fix = "Remove the member in the console (Settings > Members). Removing a member archives their personal keys; workspace keys that they created stay "
    .. "active, so rotate those that they have seen. Admins and owners cannot be removed through the API, and where SCIM manages members the "
    .. "removal has to come from the identity provider.",

  check = function(user, org, params)
    local state = user.person_state

    local why_not = out_of_question[state]
    if why_not then return not_applicable(why_not) end
    if state == "left_unknown_date" then
      return fail("left at an unknown date, so removal is due at once", nil, "no account")
    end
    if state == "contradictory" then
      return unknown("the roster contradicts itself: active, but the last day has passed")
    end
    if state ~= "left" then return unknown("person state " .. state .. " is not known to this rule") end

    local deadline = user.person_left_at + days(params.grace_days)
    measure((org.as_of - deadline):whole_days())
    local what = "left on " .. user.person_last_day:date() .. ", removal"
    if org.as_of < deadline then return pass_until(deadline, what) end
    return fail(what .. " " .. deadline:due(), { last_day = user.person_last_day, due = deadline }, "no account from " .. deadline:date() .. " on")
  end,

  examples = {
    {
      note = "a state that this rule has never heard of",
      given = { user = { person_state = "on_loan" } },
      want = { verdict = "unknown", reason = "person state on_loan is not known to this rule" },
    },
    {
      note = "works here",
      given = { user = { person_state = "active" } },
      want = { verdict = "not_applicable", reason = "works here" },
    },
    {
      note = "matched by nobody: the rule before this one says so",
      given = { user = { person_state = "nobody" } },
      want = { verdict = "not_applicable", reason = "nobody on the roster; judged by accounts.linked_to_roster" },
    },
    {
      note = "matched by two",
      given = { user = { person_state = "ambiguous" } },
      want = { verdict = "not_applicable", reason = "several people fit; judged by accounts.linked_to_roster" },
    },
    {
      note = "a machine does not leave",
      given = { user = { person_state = "nonhuman" } },
      want = { verdict = "not_applicable", reason = "in the register of non-human identities" },
    },
    {
      note = "has not come yet",
      given = { user = { person_state = "not_started" } },
      want = { verdict = "not_applicable", reason = "not yet started" },
    },
    {
      note = "left eight days before the deadline was over",
      given = {
        user = { person_state = "left", person_last_day = "2026-11-10", person_left_at = "2026-11-11T05:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "left on 2026-11-10, removal due 2026-11-12, 8 days overdue", measure = 8 },
    },
    {
      note = "the deadline itself is too late",
      given = {
        user = { person_state = "left", person_last_day = "2026-11-18", person_left_at = "2026-11-19T05:00:00Z" },
        as_of = "2026-11-20T05:00:00Z",
      },
      want = { verdict = "fail", reason = "left on 2026-11-18, removal due 2026-11-20, 0 days overdue" },
    },
    {
      note = "a microsecond before it is not",
      given = {
        user = { person_state = "left", person_last_day = "2026-11-18", person_left_at = "2026-11-19T05:00:00Z" },
        as_of = "2026-11-20T04:59:59.999999Z",
      },
      want = { verdict = "pass", reason = "left on 2026-11-18, removal due 2026-11-20, 0 days left" },
    },
    {
      note = "five days of grace",
      given = {
        user = { person_state = "left", person_last_day = "2026-11-18", person_left_at = "2026-11-19T05:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { grace_days = 5 },
      },
      want = { verdict = "pass", reason = "left on 2026-11-18, removal due 2026-11-24, 3 days left" },
    },
    {
      note = "no grace: due at the end of the last day",
      given = {
        user = { person_state = "left", person_last_day = "2026-11-19", person_left_at = "2026-11-20T05:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { grace_days = 0 },
      },
      want = { verdict = "fail", reason = "left on 2026-11-19, removal due 2026-11-20, 0 days overdue" },
    },
    {
      note = "terminated without a last day",
      given = { user = { person_state = "left_unknown_date" } },
      want = { verdict = "fail", reason = "left at an unknown date, so removal is due at once" },
    },
    {
      note = "active, yet the last day has passed",
      given = { user = { person_state = "contradictory" } },
      want = { verdict = "unknown", reason = "the roster contradicts itself: active, but the last day has passed" },
    },
    { note = "no roster, no judgement", given = { user = { id = "user_1" }, incomplete = { "persons" } }, want = "unknown" },
  },
}
