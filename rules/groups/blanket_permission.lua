---@type muster.Rule
return {
  id = "groups.blanket_permission",
  title = "No group gives everything",
  severity = "high",
  subject = "group",
  reads = { "groups.name", "groups.role_ids", "roles.name", "role_permissions.action" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.8.2", "A.8.3" },
    nist80053 = { "AC-6", "AC-6(1)" },
    cis8 = { "6.8" },
    pci4 = { "7.2.2", "7.3.3" },
    hipaa = { "164.308(a)(4)(ii)(B)" },
  },
  params = {
    actions = { type = "string_list", default = { "capability_access_all", "capability_access_all_ga" }, doc = "Actions that grant everything." },
    allowed = { type = "string_list", default = {}, doc = "Names of groups, or patterns, that may have them (break-glass)." },
  },
  why = "Who is put into such a group may do whatever exists today and whatever is added tomorrow.",
  fix = "Give the group a role with the capabilities that it needs, in the console (Settings > Roles). The API shows roles and cannot "
    .. "change them.",

  check = function(group, _, params)
    if group:is_null("role_ids") then return unknown("the API could not tell the group's roles") end
    if group:count("roles") < #group.role_ids then return unknown("gives roles that were not collected") end
    for role in group:roles() do
      if role:count("permissions", { action = params.actions }) > 0 then
        if params.allowed:fits(group.name) then return pass("declared in the policy") end
        return fail("its role " .. role.name .. " grants everything", { role = role.name }, "roles that name what they grant")
      end
    end
    return pass()
  end,

  examples = {
    {
      note = "names what it grants",
      given = {
        group = { id = "g", name = "dev", role_ids = { "r" } },
        roles = { { id = "r", name = "Engineer" } },
        role_permissions = { { role_id = "r", action = "chat" } },
      },
      want = "pass",
    },
    {
      note = "everything",
      given = {
        group = { id = "g", name = "dev", role_ids = { "r" } },
        roles = { { id = "r", name = "Everything" } },
        role_permissions = { { role_id = "r", action = "capability_access_all" } },
      },
      want = { verdict = "fail", reason = "its role Everything grants everything" },
    },
    {
      note = "everything, as declared",
      given = {
        group = { id = "g", name = "break-glass", role_ids = { "r" } },
        roles = { { id = "r", name = "Everything" } },
        role_permissions = { { role_id = "r", action = "capability_access_all_ga" } },
        params = { allowed = { "ops-*", "break-*" } },
      },
      want = { verdict = "pass", reason = "declared in the policy" },
    },
    {
      note = "everything, where another group is declared",
      given = {
        group = { id = "g", name = "dev", role_ids = { "r" } },
        roles = { { id = "r", name = "Everything" } },
        role_permissions = { { role_id = "r", action = "capability_access_all" } },
        params = { allowed = { "ops-*" } },
      },
      want = { verdict = "fail", reason = "its role Everything grants everything" },
    },
    {
      note = "no roles",
      given = { group = { id = "g", name = "dev", role_ids = {} } },
      want = "pass",
    },
    {
      note = "the API could not tell",
      given = { group = { id = "g", name = "dev", role_ids = null } },
      want = { verdict = "unknown", reason = "the API could not tell the group's roles" },
    },
    {
      note = "a role of another organization",
      given = {
        group = { id = "g", name = "dev", role_ids = { "r", "s" } },
        roles = { { id = "r", name = "Engineer" } },
        role_permissions = { { role_id = "r", action = "chat" } },
      },
      want = { verdict = "unknown", reason = "gives roles that were not collected" },
    },
    {
      note = "permissions were not collected",
      given = {
        group = { id = "g", name = "dev", role_ids = { "r" } },
        roles = { { id = "r", name = "Engineer" } },
        incomplete = { "role_permissions" },
      },
      want = "unknown",
    },
  },
}
