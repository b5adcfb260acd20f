local words = require("lib.words")

---@type muster.Rule
return {
  id = "workspaces.environments_apart",
  title = "Nobody builds both in production and in development",
  severity = "medium",
  subject = "user",
  reads = { "workspaces.name", "workspaces.archived_at", "workspace_members.workspace_role" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.8.2", "A.8.3" },
    nist80053 = { "AC-5", "AC-6" },
    pci4 = { "7.2.1", "7.2.2" },
    hipaa = { "164.308(a)(4)(ii)(B)" },
  },
  params = {
    production = { type = "string_list", default = { "prod-*", "production-*" }, doc = "Names of production workspaces, or patterns." },
    development = {
      type = "string_list",
      default = { "dev-*", "development-*", "staging-*", "test-*" },
      doc = "Names of workspaces where things are built and tried, or patterns.",
    },
    roles = {
      type = "string_list",
      default = { "workspace_admin", "workspace_developer", "workspace_restricted_developer" },
      doc = "Workspace roles that can build: make keys, change things.",
    },
  },
  why = "Who can build in both carries changes, keys and data from the one to the other without anybody beside them.",
  fix = "Lower the role in one of the two (workspace > Members, or POST on the member). Keys need no such rule: each opens one workspace. Organization "
    .. "admins can build everywhere without being listed; admins.count watches them.",

  check = function(user, _, params)
    if user:count("memberships") < 2 then return not_applicable("listed in fewer than two workspaces") end
    local live, other, strange
    for workspace, membership in user:workspaces() do
      if membership:fits("workspace_role", params.roles) then
        if workspace:is_null("archived_at") then
          if workspace:fits("name", params.production) then
            live = workspace
          elseif workspace:fits("name", params.development) then
            other = workspace
          end
        end
      elseif not words.workspace_roles[membership.workspace_role] then
        strange = membership.workspace_role
      end
    end
    if live and other then
      return fail("builds in both " .. live.name .. " and " .. other.name, { production = live.name, development = other.name }, "one of the two")
    end
    if strange then return unknown("role " .. strange .. " is not known to this rule") end
    if live or other then return pass() end
    return not_applicable("builds in neither")
  end,

  examples = (function()
    local function given(...)
      local members = {}
      for i, row in ipairs({ ... }) do
        members[i] = { user_id = "user_1", workspace_id = row[1], workspace_role = row[2] or "workspace_developer" }
      end
      return {
        user = { id = "user_1" },
        workspace_members = members,
        workspaces = {
          { id = "p", name = "prod-chat", archived_at = null },
          { id = "q", name = "production-batch", archived_at = null },
          { id = "d", name = "staging-chat", archived_at = null },
          { id = "o", name = "staging-old", archived_at = "2026-01-01T00:00:00Z" },
          { id = "n", name = "Notes", archived_at = null },
          { id = "m", name = "Memos", archived_at = null },
        },
      }
    end
    return {
      { note = "production twice", given = given({ "p" }, { "q" }), want = "pass" },
      { note = "development and something else", given = given({ "d" }, { "n" }), want = "pass" },
      {
        note = "both",
        given = given({ "p" }, { "d", "workspace_admin" }),
        want = { verdict = "fail", reason = "builds in both prod-chat and staging-chat", observed = { production = "prod-chat" } },
      },
      { note = "uses the one, builds in the other", given = given({ "p", "workspace_user" }, { "d" }), want = "pass" },
      { note = "the other is archived", given = given({ "p" }, { "o" }), want = "pass" },
      { note = "neither", given = given({ "m" }, { "n" }), want = { verdict = "not_applicable", reason = "builds in neither" } },
      { note = "one workspace", given = given({ "p" }), want = { verdict = "not_applicable", reason = "listed in fewer than two workspaces" } },
      {
        note = "a role of tomorrow",
        given = given({ "p" }, { "d", "workspace_owner" }),
        want = { verdict = "unknown", reason = "role workspace_owner is not known to this rule" },
      },
      { note = "a role of tomorrow makes both no better", given = given({ "p" }, { "d" }, { "n", "workspace_owner" }), want = "fail" },
    }
  end)(),
}
