---@type muster.Rule
return {
  id = "admins.service_accounts",
  title = "No service account administers but those that the policy names",
  severity = "high",
  subject = "service_account",
  reads = { "service_accounts.name", "service_accounts.organization_role", "service_accounts.archived_at" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.8.2" }, nist80053 = { "AC-6(5)" }, cis8 = { "5.4", "5.5" }, pci4 = { "7.2.5" } },
  params = {
    allowed = { type = "string_list", default = {}, doc = "Names, or patterns, of service accounts that may administer." },
  },
  why = "Whoever gets at the machine administers the organization, at night and without a second factor.",
  fix = "Make a service account with the role developer, move the work over, and archive this one (console, or the API with an org:admin "
    .. "token). Its name is fixed.",

  check = function(account, _, params)
    if not account:is_null("archived_at") then return not_applicable("archived on " .. account.archived_at:date()) end
    if account.organization_role == "developer" then return pass() end
    if account.organization_role ~= "admin" then return unknown("role " .. account.organization_role .. " is not known to this rule") end
    if params.allowed:fits(account.name) then return pass("declared in the policy") end
    return fail("administers the organization", { role = account.organization_role }, "developer")
  end,

  examples = {
    {
      note = "a developer",
      given = { service_account = { name = "ci", organization_role = "developer", archived_at = null }, params = { allowed = { "org-*" } } },
      want = "pass",
    },
    {
      note = "an admin",
      given = { service_account = { name = "ci", organization_role = "admin", archived_at = null }, params = { allowed = { "org-*" } } },
      want = { verdict = "fail", reason = "administers the organization" },
    },
    {
      note = "an admin, as declared",
      given = { service_account = { name = "org-sync", organization_role = "admin", archived_at = null }, params = { allowed = { "org-*" } } },
      want = { verdict = "pass", reason = "declared in the policy" },
    },
    {
      note = "archived",
      given = {
        service_account = { name = "ci", organization_role = "admin", archived_at = "2026-03-01T00:00:00Z" },
        params = { allowed = { "org-*" } },
      },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
    {
      note = "a role of tomorrow",
      given = {
        service_account = { name = "org-sync", organization_role = "overlord", archived_at = null },
        params = { allowed = { "org-*" } },
      },
      want = { verdict = "unknown", reason = "role overlord is not known to this rule" },
    },
  },
}
