local known_statuses = require("lib.words").invite_statuses

---@type muster.Rule
return {
  id = "invites.pending_age",
  title = "Invitations are not left open for long",
  severity = "low",
  subject = "invite",
  reads = { "invites.status", "invites.invited_at", "invites.expires_at" },
  controls = {
    soc2 = { "CC6.2" },
    iso27001 = { "A.5.16" },
    nist80053 = { "AC-2 f", "AC-2(2)" },
    cis8 = { "6.1" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(3)(ii)(A)" },
  },
  params = {
    days = { type = "integer", default = 14, minimum = 0, doc = "Days that an invitation may stay unanswered." },
  },
  measure = { name = "open for", unit = "days", edges = { 1, 3, 7, 14, 21 } },
  why = "An open invitation is access that waits for whoever reads the mailbox, with the role that seemed right when it was sent.",
  fix = "Withdraw the invitation (console, or DELETE on the invite: only pending ones can be deleted) and send a new one when it is still wanted. "
    .. "Invitations expire after 21 days by themselves; that cannot be configured.",

  check = function(invite, org, params)
    if not known_statuses[invite.status] then return unknown("status " .. invite.status .. " is not known to this rule") end
    if invite.status ~= "pending" then return not_applicable("status is " .. invite.status) end
    if invite.expires_at <= org.as_of then return not_applicable("expired on " .. invite.expires_at:date()) end
    if invite.invited_at > org.as_of then return unknown("sent after the snapshot: one of the two dates is wrong") end
    measure(days_since(invite.invited_at))
    local deadline = invite.invited_at + days(params.days)
    if org.as_of <= deadline then return pass_until(deadline, "an answer") end
    return fail(
      string.format("pending since %s, an answer %s", invite.invited_at:date(), deadline:due()),
      { invited_at = invite.invited_at, expires_at = invite.expires_at, due = deadline },
      string.format("answered or withdrawn within %d days", params.days)
    )
  end,

  examples = {
    {
      note = "expired in word too",
      given = { invite = { status = "expired" } },
      want = { verdict = "not_applicable", reason = "status is expired" },
    },
    {
      note = "withdrawn",
      given = { invite = { status = "deleted" } },
      want = { verdict = "not_applicable", reason = "status is deleted" },
    },
    {
      note = "it expires at the very instant of the snapshot",
      given = {
        invite = { status = "pending", invited_at = "2026-10-30T08:00:00Z", expires_at = "2026-11-20T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "not_applicable", reason = "expired on 2026-11-20" },
    },
    {
      note = "sent at the very instant of the snapshot",
      given = {
        invite = { status = "pending", invited_at = "2026-11-20T08:00:00Z", expires_at = "2026-12-11T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "a status that this rule has never heard of",
      given = { invite = { status = "Pending", invited_at = "2026-10-01T08:00:00Z", expires_at = "2026-12-10T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "unknown", reason = "status Pending is not known to this rule" },
    },
    {
      note = "sent in the future",
      given = { invite = { status = "pending", invited_at = "2027-10-01T08:00:00Z", expires_at = "2027-12-10T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "unknown", reason = "sent after the snapshot: one of the two dates is wrong" },
    },
    {
      note = "sent yesterday",
      given = {
        invite = { status = "pending", invited_at = "2026-11-19T08:00:00Z", expires_at = "2026-12-10T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "pass", reason = "an answer due 2026-12-03, 13 days left" },
    },
    {
      note = "14 days to the second",
      given = {
        invite = { status = "pending", invited_at = "2026-11-06T08:00:00Z", expires_at = "2026-11-27T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "16 days",
      given = {
        invite = { status = "pending", invited_at = "2026-11-04T08:00:00Z", expires_at = "2026-11-25T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "pending since 2026-11-04, an answer due 2026-11-18, 2 days overdue" },
    },
    {
      note = "two days at most",
      given = {
        invite = { status = "pending", invited_at = "2026-11-17T08:00:00Z", expires_at = "2026-12-08T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { days = 2 },
      },
      want = { verdict = "fail", reason = "pending since 2026-11-17, an answer due 2026-11-19, 1 day overdue", measure = 3 },
    },
    {
      note = "pending in word, expired in fact",
      given = {
        invite = { status = "pending", invited_at = "2026-10-20T08:00:00Z", expires_at = "2026-11-10T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "not_applicable", reason = "expired on 2026-11-10" },
    },
    {
      note = "accepted",
      given = {
        invite = { status = "accepted", invited_at = "2026-01-01T08:00:00Z", expires_at = "2026-01-22T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "not_applicable", reason = "status is accepted" },
    },
    {
      note = "no date, no judgement",
      given = { invite = { status = "pending", expires_at = "2026-12-10T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = "unknown",
    },
  },
}
