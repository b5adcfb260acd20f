local records = require("lib.records")
local words = require("lib.words")

---@type muster.Rule
return {
  id = "keys.unused",
  title = "Every active API key is used",
  severity = "medium",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.created_at", "api_keys.last_used_at", "api_keys.used_since" },
  controls = {
    soc2 = { "CC6.1", "CC6.3" },
    iso27001 = { "A.5.17", "A.5.18" },
    nist80053 = { "AC-2(3) d", "IA-5" },
    cis8 = { "5.3" },
    pci4 = { "8.2.6", "8.6.3" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  params = {
    days = { type = "integer", default = 30, minimum = 1, doc = "Days within which a key must have been used." },
    statuses = { type = "string_list", default = { "active" }, doc = "Statuses of keys that are asked." },
  },
  why = "A key that nobody uses lies in a file that nobody remembers, and still opens everything that it opened.",
  fix = "Set it to inactive (console, Settings > API keys, or POST on the key), wait, and archive it. Keys cannot be deleted by the API, only "
    .. "archived, which is final. The report must be collected grouped by key, and for at least as many days.",

  -- The API has no time of last use; the usage report says of whole days which keys were used.
  check = function(key, org, params)
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if not params.statuses:has(key.status) then return not_applicable("status is " .. key.status) end
    return records.judge_idle(key, org, params.days, "last_used_at", "used_since", "created_at")
  end,

  examples = {
    {
      note = "used on the first day that counts",
      given = {
        api_key = { status = "active", created_at = "2026-01-01T00:00:00Z", last_used_at = "2026-10-21T00:00:00Z", used_since = "2026-10-01T00:00:00Z" },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = "pass",
    },
    {
      note = "used the day before",
      given = {
        api_key = { status = "active", created_at = "2026-01-01T00:00:00Z", last_used_at = "2026-10-20T00:00:00Z", used_since = "2026-10-01T00:00:00Z" },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = { verdict = "fail", reason = "last seen on 2026-10-20" },
    },
    {
      note = "seen in the report, by its id",
      given = {
        api_key = { id = "apikey_1", status = "active", created_at = "2026-01-01T00:00:00Z" },
        usage = {
          { api_key_id = "apikey_1", starting_at = "2026-11-10T00:00:00Z" },
          { api_key_id = "apikey_1", starting_at = "2026-09-10T00:00:00Z" },
        },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = "pass",
    },
    {
      note = "others are in the report, this one is not",
      given = {
        api_key = { id = "apikey_1", status = "active", created_at = "2026-01-01T00:00:00Z" },
        usage = { { api_key_id = "apikey_2", starting_at = "2026-11-10T00:00:00Z" } },
        datasets = { { name = "usage", covers_from = "2026-10-01T00:00:00Z", covers_to = "2026-11-18T00:00:00Z" } },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = { verdict = "fail", reason = "not seen since 2026-10-01" },
    },
    {
      note = "the report ended long ago",
      given = {
        api_key = { id = "apikey_1", status = "active", created_at = "2026-01-01T00:00:00Z" },
        usage = { { api_key_id = "apikey_2", starting_at = "2026-11-10T00:00:00Z" } },
        datasets = { { name = "usage", covers_from = "2026-10-01T00:00:00Z", covers_to = "2026-11-17T23:59:59Z" } },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = { verdict = "unknown", reason = "nothing was collected that would show it, or it does not say from when on" },
    },
    {
      note = "the report was not grouped by key",
      given = {
        api_key = { id = "apikey_1", status = "active", created_at = "2026-01-01T00:00:00Z" },
        usage = { { api_key_id = null, starting_at = "2026-11-10T00:00:00Z" } },
        datasets = { { name = "usage", covers_from = "2026-10-01T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" } },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = { verdict = "unknown", reason = "nothing was collected that would show it, or it does not say from when on" },
    },
    {
      note = "made lately",
      given = { api_key = { status = "active", created_at = "2026-11-01T00:00:00Z", last_used_at = null }, as_of = "2026-11-20T00:00:00Z" },
      want = { verdict = "not_applicable", reason = "there only since 2026-11-01" },
    },
    {
      note = "archived",
      given = { api_key = { status = "archived" } },
      want = { verdict = "not_applicable", reason = "status is archived" },
    },
    {
      note = "a status of tomorrow",
      given = { api_key = { status = "asleep" } },
      want = { verdict = "unknown", reason = "status asleep is not known to this rule" },
    },
    { note = "no report", given = { api_key = { status = "active" }, incomplete = { "usage" } }, want = "unknown" },
  },
}
