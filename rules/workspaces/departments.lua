---@type muster.Rule
return {
  id = "workspaces.departments",
  title = "The members of a workspace are of few departments",
  severity = "low",
  subject = "workspace",
  reads = { "workspaces.archived_at", "workspaces.member_departments", "workspaces.members_without_department" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.5.15", "A.5.18" },
    nist80053 = { "AC-6", "PS-5" },
    cis8 = { "6.8" },
    pci4 = { "7.2.2" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  params = {
    maximum = { type = "integer", default = 3, minimum = 1, doc = "Departments that the members may be of." },
  },
  why = "Where people of many departments meet, somebody usually has moved on and kept the access.",
  fix = "Ask the owner who still needs it, and remove the others from the workspace (console or API).",

  check = function(workspace, _, params)
    if not workspace:is_null("archived_at") then return not_applicable("archived on " .. workspace.archived_at:date()) end
    local departments, silent = workspace:count("member_departments"), workspace.members_without_department
    if departments > params.maximum then
      local names = table.concat(workspace.member_departments, ", ")
      return fail("members of: " .. names, { departments = departments }, string.format("at most %d departments", params.maximum))
    end
    if silent > 0 then return unknown(string.format("members whose department the roster does not say: %d", silent)) end
    if departments == 0 then return not_applicable("has no members") end
    return pass()
  end,

  examples = {
    {
      note = "two of one, as many as allowed",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", email = "bo@n.example" }, { id = "user_2", email = "cy@n.example" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1" }, { workspace_id = "x", user_id = "user_2" } },
        roster = {
          { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" },
          { person_id = "2", email = "bo@n.example", status = "active", department = "Legal" },
          { person_id = "3", email = "cy@n.example", status = "active", department = "Legal" },
          { person_id = "4", email = "di@n.example", status = "active" },
        },
        params = { maximum = 1 },
      },
      want = "pass",
    },
    {
      note = "one too many",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", email = "ana@n.example" }, { id = "user_2", email = "bo@n.example" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1" }, { workspace_id = "x", user_id = "user_2" } },
        roster = {
          { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" },
          { person_id = "2", email = "bo@n.example", status = "active", department = "Legal" },
          { person_id = "3", email = "cy@n.example", status = "active", department = "Legal" },
          { person_id = "4", email = "di@n.example", status = "active" },
        },
        params = { maximum = 1 },
      },
      want = { verdict = "fail", reason = "members of: Legal, Sales", observed = { departments = 2 } },
    },
    {
      note = "too many, whatever the others are",
      given = {
        workspace = { id = "x", archived_at = null },
        users = {
          { id = "user_1", email = "ana@n.example" },
          { id = "user_2", email = "bo@n.example" },
          { id = "user_3", email = "stranger@n.example" },
        },
        workspace_members = {
          { workspace_id = "x", user_id = "user_1" },
          { workspace_id = "x", user_id = "user_2" },
          { workspace_id = "x", user_id = "user_3" },
        },
        roster = {
          { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" },
          { person_id = "2", email = "bo@n.example", status = "active", department = "Legal" },
          { person_id = "3", email = "cy@n.example", status = "active", department = "Legal" },
          { person_id = "4", email = "di@n.example", status = "active" },
        },
        params = { maximum = 1 },
      },
      want = { verdict = "fail", reason = "members of: Legal, Sales" },
    },
    {
      note = "somebody whom the roster does not know",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", email = "ana@n.example" }, { id = "user_2", email = "stranger@n.example" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1" }, { workspace_id = "x", user_id = "user_2" } },
        roster = {
          { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" },
          { person_id = "2", email = "bo@n.example", status = "active", department = "Legal" },
          { person_id = "3", email = "cy@n.example", status = "active", department = "Legal" },
          { person_id = "4", email = "di@n.example", status = "active" },
        },
        params = { maximum = 1 },
      },
      want = { verdict = "unknown", reason = "members whose department the roster does not say: 1" },
    },
    {
      note = "somebody without a department",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", email = "di@n.example" }, { id = "user_2", email = "di2@n.example" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1" }, { workspace_id = "x", user_id = "user_2" } },
        roster = {
          { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" },
          { person_id = "2", email = "bo@n.example", status = "active", department = "Legal" },
          { person_id = "3", email = "cy@n.example", status = "active", department = "Legal" },
          { person_id = "4", email = "di@n.example", status = "active" },
        },
        params = { maximum = 1 },
      },
      want = { verdict = "unknown", reason = "members whose department the roster does not say: 2" },
    },
    {
      note = "nobody",
      given = {
        workspace = { id = "x", archived_at = null },
        users = {},
        workspace_members = {},
        roster = {
          { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" },
          { person_id = "2", email = "bo@n.example", status = "active", department = "Legal" },
          { person_id = "3", email = "cy@n.example", status = "active", department = "Legal" },
          { person_id = "4", email = "di@n.example", status = "active" },
        },
        params = { maximum = 1 },
      },
      want = { verdict = "not_applicable", reason = "has no members" },
    },
    {
      note = "a registered machine is of no department",
      given = {
        workspace = { id = "x", archived_at = null },
        users = { { id = "user_1", person_state = "nonhuman" } },
        roster = { { person_id = "1", email = "ana@n.example", status = "active", department = "Sales" } },
        workspace_members = { { workspace_id = "x", user_id = "user_1" } },
      },
      want = { verdict = "not_applicable", reason = "has no members" },
    },
    {
      note = "archived",
      given = { workspace = { id = "x", archived_at = "2026-03-01T00:00:00Z" } },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
  },
}
