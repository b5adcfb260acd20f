local words = require("lib.words")

---@type muster.Rule
return {
  id = "admins.billing_separate",
  title = "Somebody else than the administrators pays the bills",
  severity = "low",
  subject = "organization",
  reads = { "users.role" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.5.15", "A.8.2" }, nist80053 = { "AC-5", "AC-6(5)" }, pci4 = { "7.2.2" } },
  params = {
    roles = { type = "string_list", default = { "billing" }, doc = "Organization roles that look after the bills and nothing else." },
  },
  why = "Where nobody has the billing role, administrators look after the money, or accountants administer.",
  fix = "Give the role billing to whoever looks after the bills (console or API), and take the admin role from those who had it for that "
    .. "(console; the API cannot).",

  check = function(_, org, params)
    if org:count("users", { role = params.roles }) > 0 then return pass() end
    for user in org:users() do
      if not words.organization_roles[user.role] then return unknown("role " .. user.role .. " is not known to this rule") end
    end
    return fail("nobody has a billing role", nil, params.roles)
  end,

  examples = {
    {
      note = "one",
      given = { organization = { id = "org-1" }, users = { { id = "user_1", role = "billing" }, { id = "user_2", role = "admin" } } },
      want = "pass",
    },
    {
      note = "none",
      given = { organization = { id = "org-1" }, users = { { id = "user_1", role = "admin" } } },
      want = { verdict = "fail", reason = "nobody has a billing role" },
    },
    {
      note = "a role of tomorrow may be one",
      given = { organization = { id = "org-1" }, users = { { id = "user_1", role = "treasurer" } } },
      want = { verdict = "unknown", reason = "role treasurer is not known to this rule" },
    },
  },
}
