---@type muster.Rule
return {
  id = "admins.workspace_spread",
  title = "Nobody administers more workspaces than they can look after",
  severity = "medium",
  subject = "user",
  reads = { "users.workspace_admin_count", "users.workspace_admin_count_all" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.8.2", "A.5.18" },
    nist80053 = { "AC-6(1)", "AC-6(5)" },
    cis8 = { "5.4" },
    pci4 = { "7.2.2" },
    hipaa = { "164.308(a)(4)(ii)(B)" },
  },
  params = {
    maximum = { type = "integer", default = 3, minimum = 0, doc = "Workspaces that one person may administer by being listed as workspace_admin." },
    include_archived = { type = "boolean", default = false, doc = "Whether archived workspaces count too." },
  },
  measure = { name = "administered", unit = "workspaces", edges = { 1, 2, 3, 4, 6, 11, 21 } },
  why = "Rights that were granted one workspace at a time add up to an administrator of everything whom no list of administrators shows.",
  fix = "Lower the role in the workspaces that the person no longer runs (workspace > Members). Organization admins are administrators of every "
    .. "workspace without being listed; admins.count watches them.",

  check = function(user, _, params)
    -- Nearly everybody administers nothing: that is asked first.
    local count = user.workspace_admin_count_all
    -- equivalent >=: who administers none at all administers no live one either
    -- equivalent (-1): the same
    if count > 0 and not params.include_archived then count = user.workspace_admin_count end

    if count == 0 then return not_applicable("listed as administrator of no workspace") end
    measure(count)
    if count <= params.maximum then return pass() end
    return fail(
      string.format("workspace_admin in %d workspaces, at most %d allowed", count, params.maximum),
      { administered = count },
      string.format("at most %d", params.maximum)
    )
  end,

  examples = {
    {
      note = "an administrator of one archived workspace",
      given = { user = { workspace_admin_count = 0, workspace_admin_count_all = 1 } },
      want = { verdict = "not_applicable", reason = "listed as administrator of no workspace" },
    },
    {
      note = "administers nothing",
      given = { user = { workspace_admin_count = 0, workspace_admin_count_all = 0 } },
      want = { verdict = "not_applicable", reason = "listed as administrator of no workspace" },
    },
    {
      note = "as many as allowed",
      given = { user = { workspace_admin_count = 3, workspace_admin_count_all = 3 } },
      want = "pass",
    },
    {
      note = "one too many",
      given = { user = { workspace_admin_count = 4, workspace_admin_count_all = 4 } },
      want = { verdict = "fail", reason = "workspace_admin in 4 workspaces, at most 3 allowed" },
    },
    {
      note = "archived workspaces do not count",
      given = { user = { workspace_admin_count = 3, workspace_admin_count_all = 9 } },
      want = "pass",
    },
    {
      note = "an administrator of archived workspaces only",
      given = { user = { workspace_admin_count = 0, workspace_admin_count_all = 2 } },
      want = { verdict = "not_applicable", reason = "listed as administrator of no workspace" },
    },
    {
      note = "unless the policy says so",
      given = { user = { workspace_admin_count = 3, workspace_admin_count_all = 9 }, params = { include_archived = true } },
      want = { verdict = "fail", reason = "workspace_admin in 9 workspaces, at most 3 allowed", measure = 9 },
    },
    {
      note = "counted from the lists of members; being a plain member is nothing, nor is a role in an archived workspace",
      given = {
        user = { id = "user_1" },
        workspaces = {
          { id = "wrkspc_1", archived_at = null },
          { id = "wrkspc_2", archived_at = null },
          { id = "wrkspc_3", archived_at = "2026-01-01T00:00:00Z" },
        },
        workspace_members = {
          { workspace_id = "wrkspc_1", user_id = "user_1", workspace_role = "workspace_admin" },
          { workspace_id = "wrkspc_2", user_id = "user_1", workspace_role = "workspace_developer" },
          { workspace_id = "wrkspc_3", user_id = "user_1", workspace_role = "workspace_admin" },
        },
        params = { maximum = 0 },
      },
      want = { verdict = "fail", reason = "workspace_admin in 1 workspaces, at most 0 allowed" },
    },
    {
      note = "one workspace's list is missing",
      given = { user = { id = "user_1" }, incomplete = { "workspace_members" } },
      want = "unknown",
    },
  },
}
