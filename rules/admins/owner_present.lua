local words = require("lib.words")

---@type muster.Rule
return {
  id = "admins.owner_present",
  title = "Somebody who works here owns the organization",
  severity = "high",
  subject = "organization",
  reads = { "users.role", "users.person_state" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.8.2" }, nist80053 = { "AC-2 b", "AC-6(5)" }, cis8 = { "5.4" }, pci4 = { "7.2.2" } },
  params = {
    roles = { type = "string_list", default = { "owner", "primary_owner" }, doc = "Organization roles that own the organization." },
  },
  why = "When the last owner leaves, nobody is left who may change sign-on, billing or the other owners.",
  fix = "Make somebody who works here an owner in the console, or ask Anthropic's support when no owner can sign in. The API can neither give nor take "
    .. "away the role of an owner.",

  check = function(_, org, params)
    local owners, undecided = {}, 0
    for user in org:users({ role = params.roles }) do
      table.insert(owners, user)
      local state = user.person_state
      if state == "active" then return pass() end
      if state ~= "left" and state ~= "left_unknown_date" then undecided = undecided + 1 end
    end
    if undecided > 0 then return unknown(string.format("owners of whom the roster does not say that they work here: %d", undecided)) end
    for user in org:users() do
      if not words.organization_roles[user.role] then return unknown("role " .. user.role .. " is not known to this rule") end
    end
    return fail({ reason = string.format("owners: %d, none of whom works here", #owners), expected = "an owner who works here", related = owners })
  end,

  examples = {
    {
      note = "one left, one is here",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", role = "owner", person_state = "left" },
          { id = "user_2", role = "primary_owner", person_state = "active" },
        },
      },
      want = "pass",
    },
    {
      note = "all have left",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", role = "owner", person_state = "left" },
          { id = "user_2", role = "primary_owner", person_state = "left_unknown_date" },
        },
      },
      want = { verdict = "fail", reason = "owners: 2, none of whom works here" },
    },
    {
      note = "no owner",
      given = { organization = { id = "org-1" }, users = { { id = "user_1", role = "admin", person_state = "active" } } },
      want = { verdict = "fail", reason = "owners: 0, none of whom works here" },
    },
    {
      note = "who owns it is unclear",
      given = { organization = { id = "org-1" }, users = { { id = "user_1", role = "owner", person_state = "ambiguous" } } },
      want = { verdict = "unknown", reason = "owners of whom the roster does not say that they work here: 1" },
    },
    {
      note = "a role of tomorrow may be an owner",
      given = { organization = { id = "org-1" }, users = { { id = "user_1", role = "overlord", person_state = "active" } } },
      want = { verdict = "unknown", reason = "role overlord is not known to this rule" },
    },
  },
}
