local words = require("lib.words")

---@type muster.Rule
return {
  id = "invites.on_roster",
  title = "Invitations go to people who work here or are about to",
  severity = "medium",
  subject = "invite",
  reads = { "invites.status", "invites.expires_at", "invites.email", "persons.state" },
  controls = {
    soc2 = { "CC6.2" },
    iso27001 = { "A.5.16" },
    nist80053 = { "AC-2 d", "AC-2 e" },
    cis8 = { "6.1" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(3)(ii)(A)" },
  },
  why = "An invitation to somebody whom HR does not know gives access past the whole of the joining process, and one to a leaver undoes "
    .. "the leaving.",
  fix = "Delete the invitation (console, or DELETE on the invite while it is pending), and send a new one when HR knows the person. "
    .. "Invitations end by themselves after 21 days.",

  check = function(invite, org)
    if not words.invite_statuses[invite.status] then return unknown("status " .. invite.status .. " is not known to this rule") end
    if invite.status ~= "pending" then return not_applicable("status is " .. invite.status) end
    if invite.expires_at <= org.as_of then return not_applicable("expired on " .. invite.expires_at:date()) end
    if invite:is_null("person") then
      return fail("the roster knows nobody, or several, of this address", { email = invite.email }, "one person")
    end
    local state = invite.person.state
    if state == "active" or state == "not_started" then return pass() end
    if state == "left" or state == "left_unknown_date" then return fail("invited, though the roster says: " .. state, { state = state }, "active") end
    return unknown("the roster says: " .. state)
  end,

  examples = {
    {
      note = "works here",
      given = {
        invite = { status = "pending", email = "ana@n.example", expires_at = "2026-12-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "about to start",
      given = {
        invite = { status = "pending", email = "ana@n.example", expires_at = "2026-12-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", start = "2026-12-01" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "has left",
      given = {
        invite = { status = "pending", email = "ana@n.example", expires_at = "2026-12-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated", ["end"] = "2026-06-30" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "invited, though the roster says: left" },
    },
    {
      note = "left, nobody knows when",
      given = {
        invite = { status = "pending", email = "ana@n.example", expires_at = "2026-12-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "invited, though the roster says: left_unknown_date" },
    },
    {
      note = "the roster contradicts itself",
      given = {
        invite = { status = "pending", email = "ana@n.example", expires_at = "2026-12-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", ["end"] = "2026-06-30" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "unknown", reason = "the roster says: contradictory" },
    },
    {
      note = "nobody",
      given = {
        invite = { status = "pending", email = "ana@n.example", expires_at = "2026-12-01T00:00:00Z" },
        roster = { { person_id = "1", email = "bo@n.example", status = "active" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "the roster knows nobody, or several, of this address" },
    },
    {
      note = "it lapses at this very instant",
      given = { invite = { status = "pending", expires_at = "2026-11-20T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "expired on 2026-11-20" },
    },
    {
      note = "answered",
      given = { invite = { status = "accepted" } },
      want = { verdict = "not_applicable", reason = "status is accepted" },
    },
    {
      note = "a status of tomorrow",
      given = { invite = { status = "queued" } },
      want = { verdict = "unknown", reason = "status queued is not known to this rule" },
    },
  },
}
