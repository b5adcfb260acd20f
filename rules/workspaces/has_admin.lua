local words = require("lib.words")

---@type muster.Rule
return {
  id = "workspaces.has_admin",
  title = "Every live workspace has an administrator of its own who works here",
  severity = "medium",
  subject = "workspace",
  reads = { "workspaces.archived_at", "workspaces.is_default", "workspace_members.workspace_role", "users.person_state" },
  controls = {
    soc2 = { "CC6.1", "CC6.3" },
    iso27001 = { "A.5.15", "A.5.18" },
    nist80053 = { "AC-2 b" },
    cis8 = { "6.8" },
    pci4 = { "7.2.3" },
    hipaa = { "164.308(a)(4)(ii)(B)" },
  },
  why = "Somebody has to say who belongs into a workspace and what its keys are for; the organization admins cannot know it for all of "
    .. "them.",
  fix = "Give a member the role workspace_admin (console or API), or archive the workspace. Organization admins are administrators of "
    .. "each workspace and do not count as its own.",

  check = function(workspace)
    if workspace.is_default then return not_applicable("the default workspace has no list of members") end
    if not workspace:is_null("archived_at") then return not_applicable("archived on " .. workspace.archived_at:date()) end
    local admins, undecided = 0, 0
    for user, membership in workspace:members() do
      local role = membership.workspace_role
      if not words.workspace_roles[role] then
        undecided = undecided + 1
      elseif role == "workspace_admin" then
        admins = admins + 1
        local state = user.person_state
        if state == "active" then return pass() end
        if state ~= "left" and state ~= "left_unknown_date" and state ~= "nonhuman" then undecided = undecided + 1 end
      end
    end
    if undecided > 0 then return unknown(string.format("members who may be an administrator that works here: %d", undecided)) end
    return fail(string.format("administrators of its own: %d, none of whom works here", admins), { administrators = admins }, "one who works here")
  end,

  examples = {
    {
      note = "one has left, one is here",
      given = {
        workspace = { id = "x", is_default = false, archived_at = null },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "active" } },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_admin" },
          { workspace_id = "x", user_id = "user_2", workspace_role = "workspace_admin" },
        },
      },
      want = "pass",
    },
    {
      note = "members of every other role",
      given = {
        workspace = { id = "x", is_default = false, archived_at = null },
        users = {
          { id = "user_1", person_state = "active" },
          { id = "user_2", person_state = "active" },
          { id = "user_3", person_state = "active" },
          { id = "user_4", person_state = "active" },
        },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_user" },
          { workspace_id = "x", user_id = "user_2", workspace_role = "workspace_developer" },
          { workspace_id = "x", user_id = "user_3", workspace_role = "workspace_restricted_developer" },
          { workspace_id = "x", user_id = "user_4", workspace_role = "workspace_billing" },
        },
      },
      want = { verdict = "fail", reason = "administrators of its own: 0, none of whom works here", observed = { administrators = 0 } },
    },
    {
      note = "all have left",
      given = {
        workspace = { id = "x", is_default = false, archived_at = null },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "left_unknown_date" } },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_admin" },
          { workspace_id = "x", user_id = "user_2", workspace_role = "workspace_admin" },
        },
      },
      want = { verdict = "fail", reason = "administrators of its own: 2, none of whom works here" },
    },
    {
      note = "a machine does not answer for it",
      given = {
        workspace = { id = "x", is_default = false, archived_at = null },
        users = { { id = "user_1", person_state = "nonhuman" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_admin" } },
      },
      want = { verdict = "fail", reason = "administrators of its own: 1, none of whom works here" },
    },
    {
      note = "nobody knows who it is",
      given = {
        workspace = { id = "x", is_default = false, archived_at = null },
        users = { { id = "user_1", person_state = "ambiguous" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_admin" } },
      },
      want = { verdict = "unknown", reason = "members who may be an administrator that works here: 1" },
    },
    {
      note = "a role of tomorrow may be an administrator",
      given = {
        workspace = { id = "x", is_default = false, archived_at = null },
        users = { { id = "user_1", person_state = "active" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_keeper" } },
      },
      want = { verdict = "unknown", reason = "members who may be an administrator that works here: 1" },
    },
    {
      note = "archived",
      given = { workspace = { id = "x", is_default = false, archived_at = "2026-03-01T00:00:00Z" } },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
    {
      note = "the default one",
      given = { workspace = { id = "x", is_default = true } },
      want = { verdict = "not_applicable", reason = "the default workspace has no list of members" },
    },
    {
      note = "its list was not collected",
      given = { workspace = { id = "x", is_default = false, archived_at = null }, incomplete = { "workspace_members" } },
      want = "unknown",
    },
  },
}
