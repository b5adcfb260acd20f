---@type muster.Rule
return {
  id = "keys.compliance_expiry",
  title = "Working compliance keys have an expiry that is near enough",
  severity = "high",
  subject = "compliance_key",
  reads = { "compliance_keys.is_active", "compliance_keys.expires_at", "compliance_keys.created_at" },
  controls = { soc2 = { "CC6.1" }, iso27001 = { "A.5.17" }, nist80053 = { "IA-5 f" }, cis8 = { "5.5" }, pci4 = { "8.6.3" } },
  params = {
    maximum_days = { type = "integer", default = 365, minimum = 1, doc = "Days that a key may live from its creation to its expiry." },
  },
  why = "A compliance key reads everybody's conversations and activity; one that never ends is valid for whoever finds it, for ever.",
  fix = "Make a new compliance key with an expiry in the console, move its user over, and switch the old one off there. The API can neither make "
    .. "compliance keys nor change their expiry.",

  check = function(key, org, params)
    if not key.is_active then return not_applicable("switched off") end
    if key:is_null("expires_at") then return fail("never expires", { created_at = key.created_at }, "an expiry date") end
    if key.expires_at <= org.as_of then return not_applicable("expired on " .. key.expires_at:date()) end
    if key.expires_at <= key.created_at:plus_days(params.maximum_days) then return pass() end
    return fail(
      string.format("expires on %s, more than %d days after its creation", key.expires_at:date(), params.maximum_days),
      { created_at = key.created_at, expires_at = key.expires_at },
      string.format("at most %d days", params.maximum_days)
    )
  end,

  examples = {
    {
      note = "a year to the second",
      given = {
        compliance_key = { is_active = true, created_at = "2026-01-01T00:00:00Z", expires_at = "2027-01-01T00:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "a microsecond more",
      given = {
        compliance_key = { is_active = true, created_at = "2026-01-01T00:00:00Z", expires_at = "2027-01-01T00:00:00.000001Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "expires on 2027-01-01, more than 365 days after its creation" },
    },
    {
      note = "never",
      given = { compliance_key = { is_active = true, created_at = "2026-01-01T00:00:00Z", expires_at = null }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "never expires" },
    },
    {
      note = "it ends at this very instant",
      given = {
        compliance_key = { is_active = true, created_at = "2026-01-01T00:00:00Z", expires_at = "2026-11-20T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "not_applicable", reason = "expired on 2026-11-20" },
    },
    { note = "off", given = { compliance_key = { is_active = false } }, want = { verdict = "not_applicable", reason = "switched off" } },
    {
      note = "an older reply lacks the field",
      given = { compliance_key = { is_active = true, created_at = "2026-01-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = "unknown",
    },
  },
}
