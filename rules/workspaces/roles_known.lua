---@type muster.Rule
return {
  id = "workspaces.roles_known",
  title = "Members of a workspace have roles that the policy knows",
  severity = "medium",
  subject = "workspace",
  reads = { "workspaces.archived_at", "workspace_members.workspace_role" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.5.15", "A.5.18" }, nist80053 = { "AC-2 c", "AC-2 d" }, cis8 = { "6.8" }, pci4 = { "7.2.1" } },
  params = {
    roles = {
      type = "string_list",
      default = { "workspace_admin", "workspace_billing", "workspace_developer", "workspace_restricted_developer", "workspace_user" },
      doc = "Workspace roles that somebody has looked at.",
    },
  },
  why = "A role that is new to the platform gives rights that nobody has judged, and no rule about administrators counts it.",
  fix = "Look up what the role may do; then name it in the policy, or give the member another one (workspace > Members, or POST on the member).",

  check = function(workspace, _, params)
    if not workspace:is_null("archived_at") then return not_applicable("archived on " .. workspace.archived_at:date()) end
    local members = workspace:count("memberships")
    if members == 0 then return not_applicable("nobody is listed") end
    local strange = members - workspace:count("memberships", { workspace_role = params.roles })
    if strange == 0 then return pass() end
    return fail(string.format("members in a role that the policy does not know: %d", strange), { members = strange }, params.roles)
  end,

  examples = {
    {
      note = "all known",
      given = {
        workspace = { id = "w", archived_at = null },
        workspace_members = {
          { workspace_id = "w", user_id = "user_1", workspace_role = "workspace_user" },
          { workspace_id = "w", user_id = "user_2", workspace_role = "workspace_admin" },
        },
      },
      want = "pass",
    },
    {
      note = "one of two is not",
      given = {
        workspace = { id = "w", archived_at = null },
        workspace_members = {
          { workspace_id = "w", user_id = "user_1", workspace_role = "workspace_user" },
          { workspace_id = "w", user_id = "user_2", workspace_role = "workspace_owner" },
        },
      },
      want = { verdict = "fail", reason = "members in a role that the policy does not know: 1", observed = { members = 1 } },
    },
    {
      note = "a single strange one",
      given = {
        workspace = { id = "w", archived_at = null },
        workspace_members = { { workspace_id = "w", user_id = "user_2", workspace_role = "workspace_owner" } },
      },
      want = { verdict = "fail", reason = "members in a role that the policy does not know: 1" },
    },
    { note = "nobody", given = { workspace = { id = "w", archived_at = null } }, want = { verdict = "not_applicable", reason = "nobody is listed" } },
    {
      note = "archived",
      given = { workspace = { id = "w", archived_at = "2026-03-01T00:00:00Z" } },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
    {
      note = "a member without a role",
      given = { workspace = { id = "w", archived_at = null }, workspace_members = { { workspace_id = "w", user_id = "user_1" } } },
      want = "unknown",
    },
  },
}
