local records = require("lib.records")

---@type muster.Rule
return {
  id = "usage.unknown_keys",
  title = "Every key that is used is on the list of keys",
  severity = "high",
  subject = "organization",
  reads = { "usage.api_key_id", "api_keys.id", "datasets.name", "datasets.covers_from", "datasets.covers_to" },
  controls = { soc2 = { "CC6.1" }, iso27001 = { "A.5.17" }, nist80053 = { "AC-2 g", "IA-5" }, pci4 = { "8.6.1" }, hipaa = { "164.312(d)" } },
  params = {
    days = { type = "integer", default = 7, minimum = 0, doc = "Days that the usage report must show at least; 0 takes what was collected." },
  },
  why = "A key that works and is on no list was reviewed by nobody: no rule about keys sees it.",
  fix = "Look the key up in the console (Settings > API keys, and the keys of single users); collect again, if it was made since. What cannot be "
    .. "found is a question for Anthropic's support.",

  check = function(_, org, params)
    local seen, strange, is_grouped = {}, {}, false
    for row in org:usage() do
      if not row:is_null("api_key_id") then
        is_grouped = true
        local id = row.api_key_id
        if row:is_dangling("api_key") and not seen[id] then
          seen[id] = true
          table.insert(strange, id)
        end
      end
    end
    table.sort(strange)
    if #strange > 0 then
      return fail(string.format("keys that were used and are on no list: %d", #strange), { keys = strange }, "none")
    end
    if not is_grouped then return unknown("the report names no key: it was not grouped by key, or nothing was used") end
    local gap = records.gap(org, "usage", params.days)
    if gap then return unknown(gap) end
    return pass()
  end,

  examples = {
    {
      note = "all on the list; some rows are of no key",
      given = {
        organization = { id = "o" },
        api_keys = { { id = "k" } },
        usage = { { api_key_id = "k" }, { api_key_id = null } },
        datasets = {
          { name = "cost", covers_from = null, covers_to = null },
          { name = "usage", covers_from = "2026-11-13T00:00:00Z", covers_to = "2026-11-18T00:00:00Z" },
        },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = "pass",
    },
    {
      note = "two are not",
      given = {
        organization = { id = "o" },
        api_keys = { { id = "k" } },
        usage = { { api_key_id = "z" }, { api_key_id = "k" }, { api_key_id = "z" }, { api_key_id = "x" } },
      },
      want = { verdict = "fail", reason = "keys that were used and are on no list: 2", observed = { keys = { "x", "z" } } },
    },
    {
      note = "one is not",
      given = { organization = { id = "o" }, api_keys = { { id = "k" } }, usage = { { api_key_id = "z" } } },
      want = { verdict = "fail", reason = "keys that were used and are on no list: 1" },
    },
    {
      note = "not grouped by key",
      given = { organization = { id = "o" }, usage = { { api_key_id = null } } },
      want = { verdict = "unknown", reason = "the report names no key: it was not grouped by key, or nothing was used" },
    },
    {
      note = "a second too short",
      given = {
        organization = { id = "o" },
        api_keys = { { id = "k" } },
        usage = { { api_key_id = "k" } },
        datasets = { { name = "usage", covers_from = "2026-11-13T00:00:01Z", covers_to = "2026-11-20T00:00:00Z" } },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = { verdict = "unknown", reason = "usage: collected only from 2026-11-13 on" },
    },
    {
      note = "ended a second too early",
      given = {
        organization = { id = "o" },
        api_keys = { { id = "k" } },
        usage = { { api_key_id = "k" } },
        datasets = { { name = "usage", covers_from = "2026-11-01T00:00:00Z", covers_to = "2026-11-17T23:59:59Z" } },
        as_of = "2026-11-20T00:00:00Z",
      },
      want = { verdict = "unknown", reason = "usage: collected only up to 2026-11-17" },
    },
    {
      note = "nobody says how long it is",
      given = {
        organization = { id = "o" },
        api_keys = { { id = "k" } },
        usage = { { api_key_id = "k" } },
        datasets = { { name = "usage", covers_from = null, covers_to = null } },
      },
      want = { verdict = "unknown", reason = "the snapshot does not say from when to when it has usage" },
    },
    {
      note = "nobody says up to when it goes",
      given = {
        organization = { id = "o" },
        api_keys = { { id = "k" } },
        usage = { { api_key_id = "k" } },
        datasets = { { name = "usage", covers_from = "2020-11-01T00:00:00Z", covers_to = null } },
      },
      want = { verdict = "unknown", reason = "the snapshot does not say from when to when it has usage" },
    },
    {
      note = "the snapshot says nothing of it",
      given = { organization = { id = "o" }, api_keys = { { id = "k" } }, usage = { { api_key_id = "k" } }, datasets = {} },
      want = { verdict = "unknown", reason = "the snapshot says nothing of usage" },
    },
    {
      note = "the policy takes what was collected",
      given = { organization = { id = "o" }, api_keys = { { id = "k" } }, usage = { { api_key_id = "k" } }, datasets = {}, params = { days = 0 } },
      want = "pass",
    },
    {
      note = "at least a day is a day",
      given = { organization = { id = "o" }, api_keys = { { id = "k" } }, usage = { { api_key_id = "k" } }, datasets = {}, params = { days = 1 } },
      want = "unknown",
    },
  },
}
