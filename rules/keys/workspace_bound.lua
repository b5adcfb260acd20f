local words = require("lib.words")

---@type muster.Rule
return {
  id = "keys.workspace_bound",
  title = "Active keys open one workspace, not the organization",
  severity = "high",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.scope_type" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.8.2", "A.8.3" },
    nist80053 = { "AC-6" },
    cis8 = { "6.8" },
    pci4 = { "7.2.5" },
    hipaa = { "164.312(a)(1)" },
  },
  why = "A key of the whole organization opens every workspace, those too that are made tomorrow.",
  fix = "Make a key in the workspace that needs it (console), move its users over, and archive this one (console or API). Keys cannot be "
    .. "deleted, and the scope of a key cannot be changed.",

  check = function(key)
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key.status ~= "active" then return not_applicable("status is " .. key.status) end
    if key.scope_type == "workspace" then return pass() end
    if key.scope_type == "organization" then return fail("opens the whole organization", { scope = key.scope_type }, "workspace") end
    return unknown("scope " .. key.scope_type .. " is not known to this rule")
  end,

  examples = {
    {
      note = "one workspace",
      given = { api_key = { status = "active", scope_type = "workspace" } },
      want = "pass",
    },
    {
      note = "everything",
      given = { api_key = { status = "active", scope_type = "organization" } },
      want = { verdict = "fail", reason = "opens the whole organization" },
    },
    {
      note = "a scope of tomorrow",
      given = { api_key = { status = "active", scope_type = "region" } },
      want = { verdict = "unknown", reason = "scope region is not known to this rule" },
    },
    {
      note = "an older reply lacks it",
      given = { api_key = { status = "active" } },
      want = "unknown",
    },
    {
      note = "switched off",
      given = { api_key = { status = "inactive" } },
      want = { verdict = "not_applicable", reason = "status is inactive" },
    },
    {
      note = "a status of tomorrow",
      given = { api_key = { status = "paused" } },
      want = { verdict = "unknown", reason = "status paused is not known to this rule" },
    },
  },
}
