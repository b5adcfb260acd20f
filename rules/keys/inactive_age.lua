local words = require("lib.words")

---@type muster.Rule
return {
  id = "keys.inactive_age",
  title = "Keys that were switched off are archived",
  severity = "low",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.created_at" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.17" },
    nist80053 = { "IA-5 f", "AC-2(3) a" },
    cis8 = { "5.5" },
    pci4 = { "8.6.3" },
  },
  params = {
    days = { type = "integer", default = 180, minimum = 1, doc = "Days after its creation from which a key must not stay inactive." },
  },
  measure = { name = "age", unit = "days", edges = { 30, 90, 180, 365, 730 } },
  why = "An inactive key works again at one click, for whoever kept a copy.",
  fix = "Archive the key (console or API); keys cannot be deleted. Since when a key is inactive the API does not say, so its age counts.",

  check = function(key, org, params)
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key.status ~= "inactive" then return not_applicable("status is " .. key.status) end
    measure(days_since(key.created_at))
    local deadline = key.created_at:plus_days(params.days)
    if org.as_of <= deadline then return pass_until(deadline, "archiving") end
    return fail(
      string.format("inactive, and created on %s, archiving %s", key.created_at:date(), deadline:due()),
      { created_at = key.created_at, due = deadline },
      "archived"
    )
  end,

  examples = {
    {
      note = "ten days to the second",
      given = {
        api_key = { status = "inactive", created_at = "2026-11-10T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { days = 10 },
      },
      want = { verdict = "pass", reason = "archiving due 2026-11-20, 0 days left" },
    },
    {
      note = "a microsecond more",
      given = {
        api_key = { status = "inactive", created_at = "2026-11-10T07:59:59.999999Z" },
        as_of = "2026-11-20T08:00:00Z",
        params = { days = 10 },
      },
      want = { verdict = "fail", reason = "inactive, and created on 2026-11-10, archiving due 2026-11-20, 0 days overdue", measure = 10 },
    },
    {
      note = "works",
      given = { api_key = { status = "active" } },
      want = { verdict = "not_applicable", reason = "status is active" },
    },
    {
      note = "a status of tomorrow",
      given = { api_key = { status = "paused" } },
      want = { verdict = "unknown", reason = "status paused is not known to this rule" },
    },
  },
}
