---@type muster.Rule
return {
  id = "accounts.external_domain",
  title = "Accounts are under the organization's own domains",
  severity = "medium",
  subject = "user",
  reads = { "users.email", "users.email_domain" },
  controls = { soc2 = { "CC6.1", "CC6.2" }, iso27001 = { "A.5.16" }, nist80053 = { "AC-2 d", "IA-4" }, cis8 = { "5.1" }, pci4 = { "8.2.1" } },
  params = {
    domains = {
      type = "string_list",
      default = {},
      doc = "Mail domains of the organization, or patterns as *.northwind.example; without any, nothing can be decided.",
    },
  },
  why = "An account under an outside address escapes the company's sign-on, and stays open when the mailbox passes to somebody else.",
  fix = "Invite the work address and remove this account in the console (Settings > Members); the API cannot change an address, nor remove admins. "
    .. "When the guest is wanted, record a waiver with an end.",

  check = function(user, _, params)
    if #params.domains == 0 then return unknown("the policy names no domains") end
    if user:fits("email_domain", params.domains) then return pass() end
    local domain = user.email_domain
    for allowed in params.domains:items() do
      if domain == allowed:fold() then return pass() end
    end
    return fail("an account at " .. domain, { email = user.email }, "one of " .. table.concat(params.domains, ", "))
  end,

  examples = {
    {
      note = "a work address, in capitals",
      given = { user = { email = "Ana@Northwind.Example" }, params = { domains = { "northwind.example" } } },
      want = "pass",
    },
    {
      note = "the policy writes it in capitals",
      given = { user = { email = "ana@northwind.example" }, params = { domains = { "NW.example", "Northwind.Example" } } },
      want = "pass",
    },
    {
      note = "below ours, which the policy allows",
      given = { user = { email = "ana@labs.northwind.example" }, params = { domains = { "*.northwind.example" } } },
      want = "pass",
    },
    {
      note = "a domain that only ends like ours",
      given = { user = { email = "ana@evil-northwind.example" }, params = { domains = { "northwind.example" } } },
      want = { verdict = "fail", reason = "an account at evil-northwind.example" },
    },
    {
      note = "no domains declared",
      given = { user = { email = "ana@northwind.example" } },
      want = { verdict = "unknown", reason = "the policy names no domains" },
    },
  },
}
