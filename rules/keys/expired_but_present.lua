---@type muster.Rule
return {
  id = "keys.expired_but_present",
  title = "Expired API keys are archived",
  severity = "low",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.expires_at" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.17" },
    nist80053 = { "IA-5 f", "AC-2(3) a" },
    cis8 = { "5.5" },
    pci4 = { "8.6.3" },
    hipaa = { "164.308(a)(5)(ii)(D)" },
  },
  measure = { name = "since the expiry", unit = "days", edges = { 0, 30, 90, 365 } },
  why = "Dead keys hide the living ones: whoever reviews the list stops reading it.",
  fix = "Archive the key in the console, or set its status to archived through the API. Archiving is final; keys cannot be deleted.",

  check = function(key, org)
    if key.status == "archived" then return not_applicable("status is archived") end
    if key:is_null("expires_at") then return not_applicable("never expires") end
    measure(days_since(key.expires_at))
    if org.as_of < key.expires_at then return pass_until(key.expires_at, "archiving") end
    return fail(
      string.format("expired on %s, status is %s", key.expires_at:date(), key.status),
      { expires_at = key.expires_at, status = key.status },
      "status archived"
    )
  end,

  examples = {
    {
      note = "still valid",
      given = { api_key = { status = "active", expires_at = "2027-01-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "pass", reason = "archiving due 2027-01-01, 41 days left" },
    },
    {
      note = "expired and left lying",
      given = { api_key = { status = "expired", expires_at = "2026-10-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "expired on 2026-10-01, status is expired", measure = 50 },
    },
    {
      note = "an inactive one too",
      given = { api_key = { status = "inactive", expires_at = "2026-10-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "expired on 2026-10-01, status is inactive" },
    },
    {
      note = "expires at this very instant",
      given = { api_key = { status = "active", expires_at = "2026-11-20T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "expired on 2026-11-20, status is active", measure = 0 },
    },
    {
      note = "archived as it should be",
      given = { api_key = { status = "archived", expires_at = "2026-10-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "status is archived" },
    },
    {
      note = "never expires: another rule's business",
      given = { api_key = { status = "active", expires_at = null }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "never expires" },
    },
    {
      note = "an older reply lacks the field",
      given = { api_key = { status = "active" }, as_of = "2026-11-20T08:00:00Z" },
      want = "unknown",
    },
  },
}
