---@type muster.Rule
return {
  id = "workspaces.has_members",
  title = "Every live workspace has somebody who works in it",
  severity = "low",
  subject = "workspace",
  reads = { "workspaces.archived_at", "workspaces.is_default", "workspaces.member_count", "workspaces.created_at" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.5.15" },
    nist80053 = { "AC-2 c", "AC-2 d", "AC-6" },
    cis8 = { "6.8" },
    pci4 = { "7.2.1" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  why = "A workspace without members still has keys, limits and a bill, and nobody who answers for them.",
  fix = "Add the people who run it, or archive it. Archiving is permanent and archives its keys; workspaces cannot be deleted.",

  check = function(workspace)
    if workspace.is_default then return not_applicable("the default workspace has no list of members") end
    if not workspace:is_null("archived_at") then return not_applicable("archived on " .. workspace.archived_at:date()) end
    if workspace.member_count > 0 then return pass() end
    return fail(
      "nobody is listed; organization admins and billing members are members implicitly",
      { listed = 0, created_at = workspace.created_at },
      "at least one member"
    )
  end,

  examples = {
    {
      note = "somebody works here",
      given = { workspace = { is_default = false, archived_at = null, member_count = 1 } },
      want = "pass",
    },
    {
      note = "nobody is listed",
      given = { workspace = { is_default = false, archived_at = null, member_count = 0, created_at = "2026-02-01T00:00:00Z" } },
      want = {
        verdict = "fail",
        reason = "nobody is listed; organization admins and billing members are members implicitly",
        observed = { listed = 0 },
      },
    },
    {
      note = "admins are not on the list, so they do not save it",
      given = {
        workspace = { id = "wrkspc_1", is_default = false, archived_at = null, created_at = "2026-02-01T00:00:00Z" },
        users = { { id = "user_1", role = "admin" } },
        workspace_members = { { workspace_id = "wrkspc_2", user_id = "user_2", workspace_role = "workspace_user" } },
      },
      want = "fail",
    },
    {
      note = "an entry of an account that is gone is nobody",
      given = {
        workspace = { id = "wrkspc_1", is_default = false, archived_at = null, created_at = "2026-02-01T00:00:00Z" },
        users = { { id = "user_1", role = "user" } },
        workspace_members = {
          { workspace_id = "wrkspc_1", user_id = "user_2", workspace_role = "workspace_user" },
          { workspace_id = "wrkspc_2", user_id = "user_1", workspace_role = "workspace_user" },
        },
      },
      want = "fail",
    },
    {
      note = "archived",
      given = { workspace = { is_default = false, archived_at = "2026-03-01T00:00:00Z", member_count = 0 } },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
    {
      note = "everybody is in the default workspace",
      given = { workspace = { is_default = true, archived_at = null, member_count = 0 } },
      want = { verdict = "not_applicable", reason = "the default workspace has no list of members" },
    },
    {
      note = "its list was not collected",
      given = { workspace = { is_default = false, archived_at = null }, incomplete = { "workspace_members" } },
      want = "unknown",
    },
  },
}
