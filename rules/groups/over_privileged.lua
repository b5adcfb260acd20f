---@type muster.Rule
return {
  id = "groups.over_privileged",
  title = "No group may do more than the policy allows to many",
  severity = "medium",
  subject = "group",
  reads = { "groups.role_ids", "roles.name", "role_permissions.action", "group_members" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.8.2", "A.8.3" },
    nist80053 = { "AC-6", "AC-6(5)" },
    cis8 = { "6.8" },
    pci4 = { "7.2.2" },
    hipaa = { "164.308(a)(4)(ii)(B)" },
  },
  params = {
    actions = { type = "string_list", default = { "connector_manage" }, doc = "Actions for few people." },
    maximum = { type = "integer", default = 5, minimum = 0, doc = "People whom a group may give them to." },
  },
  why = "A privilege that is given to a group of many is given to whoever joins next.",
  fix = "Make a smaller group for the role, or take the action out of it, in the console (Settings > Groups, Roles). The API shows roles "
    .. "and cannot change them.",

  check = function(group, _, params)
    if group:is_null("role_ids") then return unknown("the API could not tell the group's roles") end
    if group:count("roles") < #group.role_ids then return unknown("gives roles that were not collected") end
    for role in group:roles() do
      if role:count("permissions", { action = params.actions }) > 0 then
        local members = group:count("memberships")
        if members <= params.maximum then return pass() end
        return fail(
          string.format("gives the role %s to %d people, at most %d allowed", role.name, members, params.maximum),
          { role = role.name, members = members },
          string.format("at most %d", params.maximum)
        )
      end
    end
    return not_applicable("gives nothing that is for few")
  end,

  examples = {
    {
      note = "as many as allowed",
      given = {
        group = { id = "g", role_ids = { "r" } },
        roles = { { id = "r", name = "Steward" } },
        role_permissions = { { role_id = "r", action = "connector_manage" } },
        group_members = { { group_id = "g", user_id = "user_1" } },
        params = { maximum = 1 },
      },
      want = "pass",
    },
    {
      note = "one more",
      given = {
        group = { id = "g", role_ids = { "r" } },
        roles = { { id = "r", name = "Steward" } },
        role_permissions = { { role_id = "r", action = "connector_manage" } },
        group_members = { { group_id = "g", user_id = "user_1" }, { group_id = "g", user_id = "user_2" } },
        params = { maximum = 1 },
      },
      want = {
        verdict = "fail",
        reason = "gives the role Steward to 2 people, at most 1 allowed",
        observed = { members = 2 },
      },
    },
    {
      note = "an ordinary role",
      given = {
        group = { id = "g", role_ids = { "r" } },
        roles = { { id = "r", name = "Engineer" } },
        role_permissions = { { role_id = "r", action = "chat" } },
      },
      want = { verdict = "not_applicable", reason = "gives nothing that is for few" },
    },
    {
      note = "the API could not tell",
      given = { group = { id = "g", role_ids = null } },
      want = { verdict = "unknown", reason = "the API could not tell the group's roles" },
    },
    {
      note = "a role of another organization",
      given = {
        group = { id = "g", role_ids = { "r", "s" } },
        roles = { { id = "r", name = "Engineer" } },
        role_permissions = { { role_id = "r", action = "chat" } },
      },
      want = { verdict = "unknown", reason = "gives roles that were not collected" },
    },
    {
      note = "members were not collected",
      given = {
        group = { id = "g", role_ids = { "r" } },
        roles = { { id = "r", name = "Steward" } },
        role_permissions = { { role_id = "r", action = "connector_manage" } },
        incomplete = { "group_members" },
      },
      want = "unknown",
    },
  },
}
