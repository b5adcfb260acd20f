local words = require("lib.words")

---@type muster.Rule
return {
  id = "keys.in_live_workspace",
  title = "Active keys belong to a live workspace",
  severity = "medium",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.workspace_id", "workspaces.archived_at", "workspaces.is_default" },
  controls = { soc2 = { "CC6.1" }, iso27001 = { "A.5.15" }, nist80053 = { "AC-2(3) a", "AC-6" }, cis8 = { "5.5" }, pci4 = { "7.2.5" } },
  params = {
    allow_default = { type = "boolean", default = false, doc = "Whether a key may be in the default workspace, which has no member list." },
  },
  why = "Nobody looks after an archived workspace, and the default one belongs to everybody: its keys have no owner but the organization.",
  fix = "Make a replacement in the workspace that it belongs to (console), move its users over, and archive this key (console or API). A key cannot be "
    .. "moved, workspaces and keys cannot be deleted, only archived.",

  check = function(key, _, params)
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key.status ~= "active" then return not_applicable("status is " .. key.status) end
    if key:is_null("workspace_id") then
      if params.allow_default then return pass("of the organization, or of its default workspace") end
      return fail("of no workspace but the organization or its default one", { status = key.status }, "a workspace of its own")
    end
    local place = key.workspace
    if not place:is_null("archived_at") then
      return fail("its workspace was archived on " .. place.archived_at:date(), { archived_at = place.archived_at }, "a live workspace")
    end
    if place.is_default and not params.allow_default then
      return fail("in the default workspace", { workspace = key.workspace_id }, "a workspace of its own")
    end
    return pass()
  end,

  examples = {
    {
      note = "a live one",
      given = {
        api_key = { status = "active", workspace_id = "wrkspc_1" },
        workspaces = { { id = "wrkspc_1", archived_at = null, is_default = false } },
      },
      want = "pass",
    },
    {
      note = "an archived one",
      given = {
        api_key = { status = "active", workspace_id = "wrkspc_1" },
        workspaces = { { id = "wrkspc_1", archived_at = "2026-05-01T00:00:00Z", is_default = false } },
      },
      want = { verdict = "fail", reason = "its workspace was archived on 2026-05-01" },
    },
    {
      note = "the default one",
      given = {
        api_key = { status = "active", workspace_id = "wrkspc_1" },
        workspaces = { { id = "wrkspc_1", archived_at = null, is_default = true } },
      },
      want = { verdict = "fail", reason = "in the default workspace" },
    },
    {
      note = "the default one, as the policy allows",
      given = {
        api_key = { status = "active", workspace_id = "wrkspc_1" },
        workspaces = { { id = "wrkspc_1", archived_at = null, is_default = true } },
        params = { allow_default = true },
      },
      want = "pass",
    },
    {
      note = "none",
      given = { api_key = { status = "active", workspace_id = null } },
      want = { verdict = "fail", reason = "of no workspace but the organization or its default one" },
    },
    {
      note = "none, as the policy allows",
      given = { api_key = { status = "active", workspace_id = null }, params = { allow_default = true } },
      want = { verdict = "pass", reason = "of the organization, or of its default workspace" },
    },
    {
      note = "a workspace that was not listed",
      given = { api_key = { status = "active", workspace_id = "wrkspc_9" }, workspaces = { { id = "wrkspc_1", archived_at = null, is_default = false } } },
      want = "unknown",
    },
    { note = "off", given = { api_key = { status = "inactive" } }, want = { verdict = "not_applicable", reason = "status is inactive" } },
    {
      note = "a status of tomorrow",
      given = { api_key = { status = "paused" } },
      want = { verdict = "unknown", reason = "status paused is not known to this rule" },
    },
  },
}
