local words = require("lib.words")

---@type muster.Rule
return {
  id = "invites.admin_role",
  title = "No open invitation gives a privileged role",
  severity = "high",
  subject = "invite",
  reads = { "invites.status", "invites.role", "invites.expires_at" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.8.2" }, nist80053 = { "AC-6(5)" }, cis8 = { "5.4" }, pci4 = { "7.2.2" } },
  params = {
    roles = {
      type = "string_list",
      default = { "admin", "billing", "membership_admin", "owner", "primary_owner" },
      doc = "Organization roles that nobody should receive by invitation.",
    },
  },
  why = "Whoever reads the mailbox becomes an administrator; a role that is given after joining is given to a known account.",
  fix = "Delete the invitation (console, or DELETE on the invite while it is pending), invite with an ordinary role, and raise the role in the console "
    .. "after the person has joined. The API cannot give the admin role, and invitations live 21 days whatever one does.",

  check = function(invite, org, params)
    if not words.invite_statuses[invite.status] then return unknown("status " .. invite.status .. " is not known to this rule") end
    if invite.status ~= "pending" then return not_applicable("status is " .. invite.status) end
    if invite.expires_at <= org.as_of then return not_applicable("expired on " .. invite.expires_at:date()) end
    if params.roles:has(invite.role) then
      return fail("an open invitation as " .. invite.role, { role = invite.role, expires_at = invite.expires_at }, "an ordinary role")
    end
    if not words.organization_roles[invite.role] then return unknown("role " .. invite.role .. " is not known to this rule") end
    return pass()
  end,

  examples = {
    {
      note = "an ordinary role",
      given = { invite = { status = "pending", role = "user", expires_at = "2026-12-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = "pass",
    },
    {
      note = "an administrator by mail",
      given = { invite = { status = "pending", role = "admin", expires_at = "2026-12-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "an open invitation as admin" },
    },
    {
      note = "it lapses at this very instant",
      given = { invite = { status = "pending", role = "admin", expires_at = "2026-11-20T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "expired on 2026-11-20" },
    },
    {
      note = "answered",
      given = { invite = { status = "accepted" } },
      want = { verdict = "not_applicable", reason = "status is accepted" },
    },
    {
      note = "a role of tomorrow",
      given = { invite = { status = "pending", role = "overlord", expires_at = "2026-12-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "unknown", reason = "role overlord is not known to this rule" },
    },
    {
      note = "a status of tomorrow",
      given = { invite = { status = "queued" } },
      want = { verdict = "unknown", reason = "status queued is not known to this rule" },
    },
  },
}
