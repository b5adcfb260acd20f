local known_statuses = require("lib.words").key_statuses

---@type muster.Rule
return {
  id = "keys.no_expiry",
  title = "Every active API key has an expiry date",
  severity = "high",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.expires_at", "api_keys.created_at" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.17" },
    nist80053 = { "IA-5 f", "AC-2(3) a" },
    cis8 = { "5.5" },
    pci4 = { "8.6.3" },
    hipaa = { "164.308(a)(5)(ii)(D)" },
  },
  params = {
    statuses = {
      type = "string_list",
      default = { "active" },
      choices = { "active", "inactive", "archived", "expired" },
      doc = "Key statuses that need an expiry.",
    },
  },
  why = "A key that never expires is valid for whoever finds it, in an old log or a former laptop, for ever.",
  fix = "Create a replacement key with an expiry in the console, move its users over, then archive this one. An expiry cannot be added to a key "
    .. "that exists, and the API can neither create nor delete keys.",

  check = function(key, _, params)
    if not known_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if not params.statuses:has(key.status) then return not_applicable("status is " .. key.status) end
    if key:is_null("expires_at") then
      return fail("never expires", { status = key.status, created_at = key.created_at }, "an expiry date")
    end
    return pass()
  end,

  examples = {
    {
      note = "an expired key",
      given = { api_key = { status = "expired" } },
      want = { verdict = "not_applicable", reason = "status is expired" },
    },
    {
      note = "a status that this rule has never heard of",
      given = { api_key = { status = "enabled", created_at = "2026-01-01T00:00:00Z", expires_at = null, created_by_id = null, created_by_type = null } },
      want = { verdict = "unknown", reason = "status enabled is not known to this rule" },
    },
    {
      note = "expires next year",
      given = { api_key = { status = "active", expires_at = "2027-01-01T00:00:00Z" } },
      want = "pass",
    },
    {
      note = "null means never",
      given = { api_key = { status = "active", expires_at = null, created_at = "2026-01-01T00:00:00Z" } },
      want = { verdict = "fail", reason = "never expires" },
    },
    {
      note = "an archived key is no longer valid",
      given = { api_key = { status = "archived", expires_at = null, created_at = "2026-01-01T00:00:00Z" } },
      want = { verdict = "not_applicable", reason = "status is archived" },
    },
    {
      note = "inactive keys can be switched on again; a policy may include them",
      given = {
        api_key = { status = "inactive", expires_at = null, created_at = "2026-01-01T00:00:00Z" },
        params = { statuses = { "active", "inactive" } },
      },
      want = { verdict = "fail", reason = "never expires" },
    },
    {
      note = "an older reply lacks the field: nobody knows",
      given = { api_key = { status = "active", created_at = "2026-01-01T00:00:00Z" } },
      want = "unknown",
    },
    {
      note = "the list of keys is not whole",
      given = { api_key = { status = "active", expires_at = "2027-01-01T00:00:00Z" }, incomplete = { "api_keys" } },
      want = "unknown",
    },
  },
}
