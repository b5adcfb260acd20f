local words = require("lib.words")

---@type muster.Rule
return {
  id = "usage.archived_keys",
  title = "Keys that are done with are not used",
  severity = "high",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.expires_at", "api_keys.last_used_at", "api_keys.used_since", "workspaces.archived_at" },
  controls = {
    soc2 = { "CC6.1", "CC6.3" },
    iso27001 = { "A.5.17", "A.5.18" },
    nist80053 = { "AC-2(3)", "IA-5" },
    pci4 = { "8.2.6" },
    hipaa = { "164.312(d)" },
  },
  params = {
    days = { type = "integer", default = 7, minimum = 1, doc = "Days that the usage report must show at least, for a key to pass." },
  },
  why = "Use of a key after its end means that the end did not work, or that somebody switched it on again in between.",
  fix = "Look at the usage of that day (console, Usage, or the usage report by key) and at who changed the key (activity feed); then archive it, "
    .. "which is final. The API does not say when a key was archived.",

  -- Days of the report are whole: only a day that began after the end is use after the end.
  check = function(key, org, params)
    if key.status == "active" then return not_applicable("status is active") end
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key:is_absent("last_used_at") then return unknown("usage was not collected by key") end
    if key:is_null("last_used_at") then
      if key:is_absent("used_since") then return unknown("the snapshot does not say from when on usage was collected") end
      if key.used_since > org.as_of - days(params.days) then return unknown("usage was collected only from " .. key.used_since:date() .. " on") end
      return pass()
    end
    local used = key.last_used_at
    local ended = key:get("expires_at", false)
    if ended and used >= ended then
      return fail("used on " .. used:date() .. ", after it expired on " .. ended:date(), { used_at = used, expires_at = ended }, "no use")
    end
    if not key:is_null("workspace") and not key:is_dangling("workspace") then
      ended = key.workspace:get("archived_at", false)
      if ended and used >= ended then
        return fail("used on " .. used:date() .. ", after its workspace was archived on " .. ended:date(), { used_at = used, archived_at = ended }, "no use")
      end
    end
    return unknown("used on " .. used:date() .. "; whether before or after it became " .. key.status .. " cannot be known")
  end,

  examples = {
    {
      note = "not used in the days that count",
      given = { api_key = { status = "archived", last_used_at = null, used_since = "2026-11-13T00:00:00Z" }, as_of = "2026-11-20T00:00:00Z" },
      want = "pass",
    },
    {
      note = "the report is a second too short",
      given = { api_key = { status = "archived", last_used_at = null, used_since = "2026-11-13T00:00:01Z" }, as_of = "2026-11-20T00:00:00Z" },
      want = { verdict = "unknown", reason = "usage was collected only from 2026-11-13 on" },
    },
    {
      note = "nobody knows how long the report is",
      given = { api_key = { status = "inactive", last_used_at = null } },
      want = { verdict = "unknown", reason = "the snapshot does not say from when on usage was collected" },
    },
    {
      note = "used on a day that began with its end",
      given = {
        api_key = { status = "expired", expires_at = "2026-11-10T00:00:00Z", last_used_at = "2026-11-10T00:00:00Z", workspace_id = null },
        workspaces = {},
      },
      want = { verdict = "fail", reason = "used on 2026-11-10, after it expired on 2026-11-10" },
    },
    {
      note = "used on the day of its end",
      given = { api_key = { status = "expired", expires_at = "2026-11-10T00:00:01Z", last_used_at = "2026-11-10T00:00:00Z", workspace_id = null } },
      want = { verdict = "unknown", reason = "used on 2026-11-10; whether before or after it became expired cannot be known" },
    },
    {
      note = "used after its workspace was archived",
      given = {
        api_key = { status = "archived", expires_at = null, last_used_at = "2026-11-10T00:00:00Z", workspace_id = "w" },
        workspaces = { { id = "w", archived_at = "2026-11-10T00:00:00Z" } },
      },
      want = { verdict = "fail", reason = "used on 2026-11-10, after its workspace was archived on 2026-11-10" },
    },
    {
      note = "used on the day on which its workspace was archived",
      given = {
        api_key = { status = "archived", expires_at = null, last_used_at = "2026-11-10T00:00:00Z", workspace_id = "w" },
        workspaces = { { id = "w", archived_at = "2026-11-10T00:00:01Z" } },
      },
      want = { verdict = "unknown", reason = "used on 2026-11-10; whether before or after it became archived cannot be known" },
    },
    {
      note = "its workspace is live",
      given = {
        api_key = { status = "archived", expires_at = null, last_used_at = "2026-11-10T00:00:00Z", workspace_id = "w" },
        workspaces = { { id = "w", archived_at = null } },
      },
      want = { verdict = "unknown", reason = "used on 2026-11-10; whether before or after it became archived cannot be known" },
    },
    {
      note = "its workspace is not listed",
      given = { api_key = { status = "archived", expires_at = null, last_used_at = "2026-11-10T00:00:00Z", workspace_id = "w" } },
      want = { verdict = "unknown", reason = "used on 2026-11-10; whether before or after it became archived cannot be known" },
    },
    { note = "in use", given = { api_key = { status = "active" } }, want = { verdict = "not_applicable", reason = "status is active" } },
    {
      note = "a status of tomorrow",
      given = { api_key = { status = "asleep" } },
      want = { verdict = "unknown", reason = "status asleep is not known to this rule" },
    },
    {
      note = "the report was not grouped by key",
      given = { api_key = { id = "k", status = "archived" }, usage = { { api_key_id = null, starting_at = "2026-11-10T00:00:00Z" } } },
      want = { verdict = "unknown", reason = "usage was not collected by key" },
    },
  },
}
