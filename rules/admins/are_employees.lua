local words = require("lib.words")

---@type muster.Rule
return {
  id = "admins.are_employees",
  title = "Administrators are employees, not contractors or machines",
  severity = "high",
  subject = "user",
  reads = { "users.role", "users.person_state", "persons.kind" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.8.2" }, nist80053 = { "AC-6(5)", "AC-6(6)" }, cis8 = { "5.4" }, pci4 = { "7.2.2" } },
  params = {
    roles = { type = "string_list", default = { "admin", "owner", "primary_owner" }, doc = "Organization roles that count as administrator." },
    kinds = { type = "string_list", default = { "employee" }, doc = "Kinds of person who may administer." },
  },
  why = "An administrator can grant access to anybody; that belongs to people whom the organization can hold to account.",
  fix = "Lower the role in the console (Settings > Members). Admins cannot be removed, and their role cannot be changed, through the API.",

  check = function(user, _, params)
    if not params.roles:has(user.role) then
      if not words.organization_roles[user.role] then return unknown("role " .. user.role .. " is not known to this rule") end
      return not_applicable("role is " .. user.role)
    end
    if user.person_state == "nonhuman" then return fail("a non-human identity is " .. user.role, { role = user.role }, "an employee") end
    if user.person_state ~= "active" then return unknown("the roster does not say that this is somebody who works here: " .. user.person_state) end
    if params.kinds:has(user.person.kind) then return pass() end
    return fail("of kind " .. user.person.kind .. ", and " .. user.role, { kind = user.person.kind }, params.kinds)
  end,

  examples = {
    {
      note = "an employee",
      given = {
        user = { id = "user_1", email = "ana@northwind.example", role = "admin" },
        roster = { { person_id = "NW-1", email = "ana@northwind.example", status = "active", kind = "employee" } },
      },
      want = "pass",
    },
    {
      note = "a contractor",
      given = {
        user = { id = "user_1", email = "ana@northwind.example", role = "owner" },
        roster = { { person_id = "NW-1", email = "ana@northwind.example", status = "active", kind = "contractor" } },
      },
      want = { verdict = "fail", reason = "of kind contractor, and owner" },
    },
    {
      note = "a machine",
      given = { user = { role = "admin", person_state = "nonhuman" } },
      want = { verdict = "fail", reason = "a non-human identity is admin" },
    },
    {
      note = "nobody",
      given = { user = { role = "admin", person_state = "nobody" } },
      want = { verdict = "unknown", reason = "the roster does not say that this is somebody who works here: nobody" },
    },
    {
      note = "two people",
      given = { user = { role = "admin", person_state = "ambiguous" } },
      want = { verdict = "unknown", reason = "the roster does not say that this is somebody who works here: ambiguous" },
    },
    { note = "a developer", given = { user = { role = "developer" } }, want = { verdict = "not_applicable", reason = "role is developer" } },
    {
      note = "a role of tomorrow",
      given = { user = { role = "overlord" } },
      want = { verdict = "unknown", reason = "role overlord is not known to this rule" },
    },
  },
}
