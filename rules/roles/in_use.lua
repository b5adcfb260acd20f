---@type muster.Rule
return {
  id = "roles.in_use",
  title = "Every custom role is given by some group",
  severity = "low",
  subject = "role",
  reads = { "roles.id", "groups.role_ids" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.5.15" }, nist80053 = { "AC-2 c", "AC-6" }, cis8 = { "6.8" }, pci4 = { "7.2.1" } },
  why = "A role that nobody has is not looked at when what it grants is extended, until somebody gives it away.",
  fix = "Delete the role in the console (Settings > Roles), or give it to the group that it was made for. The API shows roles and cannot "
    .. "change them.",

  check = function(role, org)
    local silent = 0
    for group in org:groups() do
      if group:is_null("role_ids") then
        silent = silent + 1
      elseif group.role_ids:has(role.id) then
        return pass()
      end
    end
    if silent > 0 then return unknown(string.format("groups whose roles the API could not tell: %d", silent)) end
    return fail("no group gives it", nil, "a group that gives it")
  end,

  examples = {
    {
      note = "given by the second group",
      given = { role = { id = "r" }, groups = { { id = "g", role_ids = { "s" } }, { id = "h", role_ids = { "r" } } } },
      want = "pass",
    },
    {
      note = "given, though nobody knows of another group",
      given = { role = { id = "r" }, groups = { { id = "g", role_ids = null }, { id = "h", role_ids = { "r" } } } },
      want = "pass",
    },
    {
      note = "given by none",
      given = { role = { id = "r" }, groups = { { id = "g", role_ids = { "s" } } } },
      want = { verdict = "fail", reason = "no group gives it" },
    },
    {
      note = "one group may give it",
      given = { role = { id = "r" }, groups = { { id = "g", role_ids = { "s" } }, { id = "h", role_ids = null } } },
      want = { verdict = "unknown", reason = "groups whose roles the API could not tell: 1" },
    },
    {
      note = "groups were not collected",
      given = { role = { id = "r" }, incomplete = { "groups" } },
      want = "unknown",
    },
  },
}
