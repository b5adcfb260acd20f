local known_statuses = require("lib.words").key_statuses

---@type muster.Rule
return {
  id = "keys.max_age",
  title = "Active API keys are replaced in time",
  severity = "medium",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.created_at" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.17" },
    nist80053 = { "IA-5 f" },
    cis8 = { "5.5" },
    pci4 = { "8.6.3" },
    hipaa = { "164.308(a)(5)(ii)(D)" },
  },
  params = {
    days = { type = "integer", default = 90, minimum = 1, doc = "Days that an active key may live, counted from its creation." },
  },
  measure = { name = "age", unit = "days", edges = { 30, 60, 90, 180, 365, 730 } },
  why = "The longer a key lives, the more places it has been copied to.",
  fix = "Create a new key in the console, move its users over, set the old one inactive, and archive it when nothing breaks. The API can set a key "
    .. "inactive or archived, but cannot create one.",

  check = function(key, org, params)
    local status = key.status
    if status ~= "active" then
      if not known_statuses[status] then return unknown("status " .. status .. " is not known to this rule") end
      return not_applicable("status is " .. status)
    end
    local created = key.created_at
    local age_days = days_since(created)
    if age_days < 0 then return unknown("created after the snapshot: one of the two dates is wrong") end

    measure(age_days)
    local deadline = created:plus_days(params.days)
    if age_days < params.days or org.as_of == deadline then return pass_until(deadline, "replacement") end
    return fail(
      string.format("created on %s, replacement %s", created:date(), deadline:due()),
      { created_at = created, age_days = age_days, due = deadline },
      string.format("at most %d days", params.days)
    )
  end,

  examples = {
    {
      note = "an archived key",
      given = { api_key = { status = "archived" } },
      want = { verdict = "not_applicable", reason = "status is archived" },
    },
    {
      note = "an expired key",
      given = { api_key = { status = "expired" } },
      want = { verdict = "not_applicable", reason = "status is expired" },
    },
    {
      note = "created at the very instant of the snapshot",
      given = { api_key = { status = "active", created_at = "2026-11-20T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = "pass",
    },
    {
      note = "a status that this rule has never heard of",
      given = { api_key = { status = "enabled", created_at = "2026-01-01T00:00:00Z", expires_at = null, created_by_id = null, created_by_type = null } },
      want = { verdict = "unknown", reason = "status enabled is not known to this rule" },
    },
    {
      note = "a creation date that lies ahead, be it by a second, is no young key",
      given = { api_key = { status = "active", created_at = "2026-11-20T08:00:01Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "unknown", reason = "created after the snapshot: one of the two dates is wrong" },
    },
    {
      note = "ten days old",
      given = { api_key = { status = "active", created_at = "2026-11-10T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "pass", reason = "replacement due 2027-02-08, 80 days left" },
    },
    {
      note = "90 days to the second are not more than 90 days",
      given = { api_key = { status = "active", created_at = "2026-08-22T08:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "pass", reason = "replacement due 2026-11-20, 0 days left" },
    },
    {
      note = "a second more is",
      given = { api_key = { status = "active", created_at = "2026-08-22T07:59:59Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "created on 2026-08-22, replacement due 2026-11-20, 0 days overdue" },
    },
    {
      note = "a stricter policy",
      given = {
        api_key = { status = "active", created_at = "2026-10-01T00:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { days = 30 },
      },
      want = { verdict = "fail", reason = "created on 2026-10-01, replacement due 2026-10-31, 20 days overdue", measure = 50 },
    },
    {
      note = "inactive keys do not work",
      given = { api_key = { status = "inactive", created_at = "2020-01-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "status is inactive" },
    },
    {
      note = "no creation date, no judgement",
      given = { api_key = { status = "active" }, as_of = "2026-11-20T08:00:00Z" },
      want = "unknown",
    },
  },
}
