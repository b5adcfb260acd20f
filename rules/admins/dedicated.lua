local words = require("lib.words")

---@type muster.Rule
return {
  id = "admins.dedicated",
  title = "Administrators use accounts of their own for administration",
  severity = "medium",
  subject = "user",
  reads = { "users.role", "users.email" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.8.2" }, nist80053 = { "AC-6(2)" }, cis8 = { "5.4" }, pci4 = { "7.2.2" } },
  params = {
    roles = { type = "string_list", default = { "admin", "owner", "primary_owner" }, doc = "Organization roles that count as administrator." },
    patterns = { type = "string_list", default = {}, doc = "Addresses, or patterns, of dedicated accounts (adm-*@*); without any, nothing can be decided." },
  },
  why = "Whoever reads mail and administers with the same account loses both to one bad link.",
  fix = "Invite a second account for administration and lower the role of this one in the console (Settings > Members). The API can "
    .. "neither give nor take the admin role.",

  check = function(user, _, params)
    if not params.roles:has(user.role) then
      if not words.organization_roles[user.role] then return unknown("role " .. user.role .. " is not known to this rule") end
      return not_applicable("role is " .. user.role)
    end
    if #params.patterns == 0 then return unknown("the policy names no patterns") end
    if params.patterns:fits(user.email:fold()) then return pass() end
    return fail("an everyday account as " .. user.role, { email = user.email, role = user.role }, params.patterns)
  end,

  examples = {
    {
      note = "dedicated, in capitals",
      given = { user = { email = "ADM-ana@n.example", role = "admin" }, params = { patterns = { "adm-*@*" } } },
      want = "pass",
    },
    {
      note = "everyday",
      given = { user = { email = "ana@n.example", role = "owner" }, params = { patterns = { "adm-*@*" } } },
      want = { verdict = "fail", reason = "an everyday account as owner" },
    },
    {
      note = "an ordinary role",
      given = { user = { email = "ana@n.example", role = "user" }, params = { patterns = { "adm-*@*" } } },
      want = { verdict = "not_applicable", reason = "role is user" },
    },
    {
      note = "a role of tomorrow",
      given = { user = { email = "adm-ana@n.example", role = "overlord" }, params = { patterns = { "adm-*@*" } } },
      want = { verdict = "unknown", reason = "role overlord is not known to this rule" },
    },
    {
      note = "nothing declared",
      given = { user = { email = "adm-ana@n.example", role = "admin" } },
      want = { verdict = "unknown", reason = "the policy names no patterns" },
    },
  },
}
