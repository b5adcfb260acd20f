local settings = require("lib.settings")

---@type muster.Rule
return {
  id = "organization.invite_domains",
  title = "Only the company's own domains may be invited",
  severity = "medium",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.2" },
    iso27001 = { "A.5.16" },
    nist80053 = { "AC-2 d", "IA-4" },
    cis8 = { "6.1" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(3)(ii)(A)" },
  },
  params = {
    domains = { type = "string_list", default = {}, doc = "Domains that may be invited; without any, nothing can be decided." },
  },
  why = "Where any address can be invited, one slip of the pen gives a stranger an account.",
  fix = "Name the domains in the console (Settings > Members > Allowed domains), and none but those that the policy declares. The API shows "
    .. "the list and cannot change it.",

  check = function(organization, _, params)
    if #params.domains == 0 then return unknown("the policy names no domains") end
    local setting = settings.find(organization, "allowed_invite_domains")
    if not setting then return unknown("allowed_invite_domains is not reported") end
    local allowed = {}
    for domain in params.domains:items() do
      allowed[domain:fold()] = true
    end
    local beyond, any = {}, false
    for _, domain in ipairs(setting.value) do
      any = true
      if not allowed[domain:fold()] then table.insert(beyond, domain) end
    end
    if not any then return fail("any domain may be invited", nil, params.domains) end
    if #beyond == 0 then return pass() end
    return fail("may be invited besides: " .. table.concat(beyond, ", "), { domains = setting.value }, params.domains)
  end,

  examples = {
    {
      note = "our own, in capitals",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "allowed_invite_domains", value = { "Northwind.Example" } },
        },
        params = { domains = { "northwind.example" } },
      },
      want = "pass",
    },
    {
      note = "one of a partner besides",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "allowed_invite_domains", value = { "northwind.example", "partner.example" } },
        },
        params = { domains = { "northwind.example" } },
      },
      want = { verdict = "fail", reason = "may be invited besides: partner.example" },
    },
    {
      note = "an empty list keeps nobody out",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "allowed_invite_domains", value = {} },
        },
        params = { domains = { "northwind.example" } },
      },
      want = { verdict = "fail", reason = "any domain may be invited" },
    },
    {
      note = "the policy declares nothing",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "allowed_invite_domains", value = { "northwind.example" } },
        },
      },
      want = { verdict = "unknown", reason = "the policy names no domains" },
    },
    {
      note = "not reported",
      given = {
        organization = { id = "org-1" },
        settings = {},
        params = { domains = { "northwind.example" } },
      },
      want = { verdict = "unknown", reason = "allowed_invite_domains is not reported" },
    },
    {
      note = "settings were not collected",
      given = {
        organization = { id = "org-1" },
        params = { domains = { "northwind.example" } },
        incomplete = { "settings" },
      },
      want = "unknown",
    },
  },
}
