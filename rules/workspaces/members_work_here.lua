local people = require("lib.people")

---@type muster.Rule
return {
  id = "workspaces.members_work_here",
  title = "Somebody in each live workspace works here",
  severity = "medium",
  subject = "workspace",
  reads = { "workspaces.archived_at", "workspace_members.user_id", "users.person_state" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.18" },
    nist80053 = { "AC-2 d", "PS-4 a" },
    cis8 = { "6.2", "6.8" },
    pci4 = { "8.2.5" },
    hipaa = { "164.308(a)(3)(ii)(C)" },
  },
  why = "Where all members have left, the keys go on working and nobody looks at what they do.",
  fix = "Add the people who run the workspace and remove the leavers (console or API), or archive it. Archiving is for good and archives "
    .. "its keys; workspaces cannot be deleted.",

  check = function(workspace)
    if not workspace:is_null("archived_at") then return not_applicable("archived on " .. workspace.archived_at:date()) end
    if workspace:count("memberships") == 0 then return not_applicable("has no members") end
    return people.judge_members(workspace:members())
  end,

  examples = {
    {
      note = "one has left, one is here",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "active" } },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_user" },
          { workspace_id = "x", user_id = "user_2", workspace_role = "workspace_user" },
        },
      },
      want = "pass",
    },
    {
      note = "a registered machine works here",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", person_state = "nonhuman" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_user" } },
      },
      want = "pass",
    },
    {
      note = "all have left",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "left_unknown_date" } },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_user" },
          { workspace_id = "x", user_id = "user_2", workspace_role = "workspace_user" },
        },
      },
      want = { verdict = "fail", reason = "members: 2, all of whom have left", observed = { members = 2 } },
    },
    {
      note = "one of whom nobody knows may work here",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "ambiguous" } },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_user" },
          { workspace_id = "x", user_id = "user_2", workspace_role = "workspace_user" },
        },
      },
      want = { verdict = "unknown", reason = "members of whom the roster does not say that they work here: 1" },
    },
    {
      note = "a state of tomorrow",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", person_state = "resting" }, { id = "user_2", person_state = "resting" } },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1", workspace_role = "workspace_user" },
          { workspace_id = "x", user_id = "user_2", workspace_role = "workspace_user" },
        },
      },
      want = { verdict = "unknown", reason = "members of whom the roster does not say that they work here: 2" },
    },
    {
      note = "nobody",
      given = { workspace = { id = "x", archived_at = null }, workspace_members = {} },
      want = { verdict = "not_applicable", reason = "has no members" },
    },
    {
      note = "members were not collected",
      given = { workspace = { id = "x", archived_at = null }, incomplete = { "workspace_members" } },
      want = "unknown",
    },
    {
      note = "archived",
      given = { workspace = { id = "x", archived_at = "2026-03-01T00:00:00Z" } },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
  },
}
