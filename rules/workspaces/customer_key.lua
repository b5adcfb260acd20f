---@type muster.Rule
return {
  id = "workspaces.customer_key",
  title = "Workspaces that need it are encrypted with a key of our own",
  severity = "medium",
  subject = "workspace",
  reads = { "workspaces.archived_at", "workspaces.name", "workspaces.external_key_id", "external_keys.id" },
  controls = { soc2 = { "CC6.1" }, iso27001 = { "A.8.3" }, nist80053 = { "AC-3" }, hipaa = { "164.312(a)(2)(iv)" } },
  params = {
    names = { type = "string_list", default = {}, doc = "Names of workspaces, or patterns, that need it; without any, nothing can be decided." },
  },
  why = "With a key of its own the organization can end all access to the data, whatever happens elsewhere.",
  fix = "Register the key and attach it to the workspace in the console (workspace > Encryption), or by the API for external keys.",

  check = function(workspace, _, params)
    if not workspace:is_null("archived_at") then return not_applicable("archived on " .. workspace.archived_at:date()) end
    if #params.names == 0 then return unknown("the policy names no workspaces") end
    if not params.names:fits(workspace.name) then return not_applicable("not among those that need it") end
    if workspace:is_null("external_key_id") then return fail("no customer-managed key", nil, "a customer-managed key") end
    if workspace:is_dangling("external_key") then
      return fail("its customer-managed key is not registered any more", { external_key = workspace.external_key_id }, "a registered key")
    end
    return pass()
  end,

  examples = {
    {
      note = "encrypted",
      given = {
        workspace = { archived_at = null, name = "prod-a", external_key_id = "ekey_1" },
        external_keys = { { id = "ekey_1" } },
        params = { names = { "prod-*" } },
      },
      want = "pass",
    },
    {
      note = "no key",
      given = { workspace = { archived_at = null, name = "prod-a", external_key_id = null }, params = { names = { "prod-*" } } },
      want = { verdict = "fail", reason = "no customer-managed key" },
    },
    {
      note = "a key that is gone",
      given = {
        workspace = { archived_at = null, name = "prod-a", external_key_id = "ekey_9" },
        external_keys = { { id = "ekey_1" } },
        params = { names = { "prod-*" } },
      },
      want = { verdict = "fail", reason = "its customer-managed key is not registered any more" },
    },
    {
      note = "one that does not need it",
      given = { workspace = { archived_at = null, name = "dev-a", external_key_id = null }, params = { names = { "prod-*" } } },
      want = { verdict = "not_applicable", reason = "not among those that need it" },
    },
    {
      note = "archived",
      given = { workspace = { id = "x", archived_at = "2026-03-01T00:00:00Z" } },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
    {
      note = "nothing declared",
      given = { workspace = { archived_at = null, name = "prod-a" } },
      want = { verdict = "unknown", reason = "the policy names no workspaces" },
    },
    {
      note = "an older reply lacks it",
      given = { workspace = { archived_at = null, name = "prod-a" }, params = { names = { "prod-*" } } },
      want = "unknown",
    },
  },
}
