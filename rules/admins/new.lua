local words = require("lib.words")

---@type muster.Rule
return {
  id = "admins.new",
  title = "Nobody became an administrator since the last snapshot",
  severity = "high",
  subject = "user",
  reads = { "users.role", "users.previous_role" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.8.2", "A.5.18" },
    nist80053 = { "AC-2(4)", "AC-2(7) c", "AC-6(7) a" },
    cis8 = { "5.4" },
    pci4 = { "7.2.4", "7.2.2" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  params = {
    roles = {
      type = "string_list",
      default = { "admin", "membership_admin", "owner", "primary_owner" },
      doc = "Organization roles that administer.",
    },
  },
  why = "Administrators are what an intruder makes first; each new one is worth a question, once.",
  fix = "Check that it was asked for and approved, and excuse it by a waiver that names the ticket and ends with the next snapshot; lower the role "
    .. "in the console otherwise (the API cannot change administrators). `previous_snapshot` in the config names what is compared with.",

  check = function(user, _, params)
    local role = user.role
    if not words.organization_roles[role] then return unknown("role " .. role .. " is not known to this rule") end
    if not params.roles:has(role) then return not_applicable("role is " .. role) end
    if user:is_null("previous_role") then return fail("is new, as " .. role, { role = role }, "no new administrators") end
    local before = user.previous_role
    if params.roles:has(before) then return pass() end
    return fail("became " .. role .. ", was " .. before, { role = role, before = before }, "no new administrators")
  end,

  examples = {
    { note = "was one before", given = { user = { role = "admin", previous_role = "admin" } }, want = "pass" },
    { note = "administered before, in another role", given = { user = { role = "owner", previous_role = "admin" } }, want = "pass" },
    {
      note = "was a developer",
      given = { user = { id = "user_1", role = "admin" }, previous_users = { { id = "user_1", role = "developer" }, { id = "user_2", role = "admin" } } },
      want = { verdict = "fail", reason = "became admin, was developer" },
    },
    {
      note = "was not there",
      given = { user = { id = "user_1", role = "membership_admin" }, previous_users = { { id = "user_2", role = "admin" } } },
      want = { verdict = "fail", reason = "is new, as membership_admin" },
    },
    { note = "administers nothing", given = { user = { role = "user" } }, want = { verdict = "not_applicable", reason = "role is user" } },
    {
      note = "a role of tomorrow",
      given = { user = { role = "super_admin", previous_role = "user" } },
      want = { verdict = "unknown", reason = "role super_admin is not known to this rule" },
    },
    {
      note = "the older snapshot does not tell the role",
      given = { user = { id = "user_1", role = "admin" }, previous_users = { { id = "user_1" } } },
      want = "unknown",
    },
    { note = "there is no older snapshot", given = { user = { role = "admin" }, incomplete = { "previous_users" } }, want = "unknown" },
  },
}
