local names = require("lib.names")

---@type muster.Rule
return {
  id = "accounts.mover_access",
  title = "Whoever moved has left the old department's access behind",
  severity = "medium",
  subject = "user",
  reads = {
    "users.person_state",
    "persons.department",
    "groups.name",
    "group_members.group_id",
    "workspaces.name",
    "workspaces.archived_at",
    "workspace_members.workspace_role",
  },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.18" },
    nist80053 = { "PS-5", "AC-2 h" },
    cis8 = { "6.2" },
    pci4 = { "7.2.4" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  params = {
    owned = {
      type = "string_list",
      default = {},
      doc = "`department=pattern`, as `Finance=Finance*`: groups and workspaces of that name belong to the department. Several may share one. "
        .. "Without any, nothing can be decided.",
    },
  },
  why = "People who move collect access: nobody takes the old one away, because nobody misses it.",
  fix = "Take the person out of what belongs to the other department: the group in the directory that it comes from, or in the console; the workspace "
    .. "by workspace > Members or DELETE on the member.",

  -- Rosters know today's department and not yesterday's: whoever has what belongs to another one is shown, moved or not.
  check = function(user, _, params)
    if #params.owned == 0 then return unknown("the policy does not say what belongs to which department") end
    if user.person_state ~= "active" then return not_applicable("nobody who works here: " .. user.person_state) end
    if user.person:is_null("department") then return unknown("the roster does not say the department") end
    local department, beyond = user.person.department, {}
    for group in user:groups() do
      local owner = names.foreign_owner(group, department, params.owned)
      if owner then table.insert(beyond, "group " .. group.name .. " of " .. owner) end
    end
    for workspace in user:workspaces() do
      if workspace:is_null("archived_at") then
        local owner = names.foreign_owner(workspace, department, params.owned)
        if owner then table.insert(beyond, "workspace " .. workspace.name .. " of " .. owner) end
      end
    end
    if #beyond == 0 then return pass() end
    return fail(department .. " has: " .. table.concat(beyond, ", "), { department = department, beyond = beyond }, "what belongs to " .. department)
  end,

  examples = (function()
    local function given(department, groups, workspaces)
      local group_members, members = {}, {}
      for i, id in ipairs(groups) do
        group_members[i] = { group_id = id, user_id = "user_1" }
      end
      for i, id in ipairs(workspaces) do
        members[i] = { workspace_id = id, user_id = "user_1", workspace_role = "workspace_user" }
      end
      return {
        user = { id = "user_1", email = "ana@n.example" },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", department = department } },
        groups = { { id = "gs", name = "Sales" }, { id = "gl", name = "Legal" }, { id = "ga", name = "All" } },
        group_members = group_members,
        workspaces = {
          { id = "ws", name = "Sales deals", archived_at = null },
          { id = "wl", name = "Legal intake", archived_at = null },
          { id = "wo", name = "Legal old", archived_at = "2026-01-01T00:00:00Z" },
          { id = "wb", name = "Both", archived_at = null },
        },
        workspace_members = members,
        params = { owned = { "Sales=Sales*", "Legal=Legal*", "Sales=Both", "Legal=Both" } },
      }
    end
    return {
      { note = "the own department's, everybody's, and what two share", given = given("Sales", { "gs", "ga" }, { "ws", "wb" }), want = "pass" },
      { note = "shared, named second", given = given("Legal", { "gl" }, { "wb" }), want = "pass" },
      {
        note = "the group of another one",
        given = given("Sales", { "gs", "gl" }, {}),
        want = { verdict = "fail", reason = "Sales has: group Legal of Legal", observed = { department = "Sales" } },
      },
      {
        note = "the workspace of another one; an archived one opens nothing",
        given = given("Sales", {}, { "wl", "wo" }),
        want = { verdict = "fail", reason = "Sales has: workspace Legal intake of Legal" },
      },
      { note = "nothing", given = given("Sales", {}, {}), want = "pass" },
      { note = "no department", given = given(null, { "gl" }, {}), want = { verdict = "unknown", reason = "the roster does not say the department" } },
      {
        note = "left",
        given = { user = { id = "user_1", person_state = "left" }, params = { owned = { "Sales=Sales*" } } },
        want = { verdict = "not_applicable", reason = "nobody who works here: left" },
      },
      {
        note = "nothing declared",
        given = { user = { id = "user_1", person_state = "active" } },
        want = { verdict = "unknown", reason = "the policy does not say what belongs to which department" },
      },
      {
        note = "a slip in the policy",
        given = {
          user = { id = "user_1", email = "ana@n.example" },
          roster = { { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" } },
          groups = { { id = "gs", name = "Sales" } },
          group_members = { { group_id = "gs", user_id = "user_1" } },
          params = { owned = { "Sales" } },
        },
        want = "error",
      },
    }
  end)(),
}
