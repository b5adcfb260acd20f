local words = require("lib.words")

---@type muster.Rule
return {
  id = "invites.outside_domain",
  title = "Invitations go to the organization's own domains",
  severity = "medium",
  subject = "invite",
  reads = { "invites.status", "invites.email", "invites.expires_at" },
  controls = { soc2 = { "CC6.2" }, iso27001 = { "A.5.16" }, nist80053 = { "AC-2 d" }, cis8 = { "6.1" }, pci4 = { "8.2.4" } },
  params = {
    domains = { type = "string_list", default = {}, doc = "Mail domains that may be invited; without any, nothing can be decided." },
  },
  why = "An address outside the company is outside its sign-on and its leaver process.",
  fix = "Delete the invitation (console, or DELETE on the invite while it is pending) and invite the work address; when the guest is wanted, record a waiver.",

  check = function(invite, org, params)
    if not words.invite_statuses[invite.status] then return unknown("status " .. invite.status .. " is not known to this rule") end
    if invite.status ~= "pending" then return not_applicable("status is " .. invite.status) end
    if invite.expires_at <= org.as_of then return not_applicable("expired on " .. invite.expires_at:date()) end
    if #params.domains == 0 then return unknown("the policy names no domains") end
    local parts = invite.email:fold():split("@")
    local domain = parts[#parts]
    for allowed in params.domains:items() do
      if domain == allowed:fold() then return pass() end
    end
    return fail("invited at " .. domain, { email = invite.email }, "one of " .. table.concat(params.domains, ", "))
  end,

  examples = {
    {
      note = "a work address, in capitals",
      given = {
        invite = { status = "pending", email = "Ana@Northwind.Example", expires_at = "2026-12-01T00:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { domains = { "northwind.example" } },
      },
      want = "pass",
    },
    {
      note = "a domain that only ends like ours",
      given = {
        invite = { status = "pending", email = "ana@evil-northwind.example", expires_at = "2026-12-01T00:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { domains = { "northwind.example" } },
      },
      want = { verdict = "fail", reason = "invited at evil-northwind.example" },
    },
    {
      note = "it lapses at this very instant",
      given = {
        invite = { status = "pending", email = "ana@elsewhere.example", expires_at = "2026-11-20T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { domains = { "northwind.example" } },
      },
      want = { verdict = "not_applicable", reason = "expired on 2026-11-20" },
    },
    {
      note = "withdrawn",
      given = { invite = { status = "deleted" } },
      want = { verdict = "not_applicable", reason = "status is deleted" },
    },
    {
      note = "no domains declared",
      given = { invite = { status = "pending", email = "ana@x.example", expires_at = "2026-12-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "unknown", reason = "the policy names no domains" },
    },
    {
      note = "a status of tomorrow",
      given = { invite = { status = "queued" } },
      want = { verdict = "unknown", reason = "status queued is not known to this rule" },
    },
  },
}
