---@type muster.Rule
return {
  id = "keys.per_person",
  title = "Nobody holds more active keys than they can look after",
  severity = "medium",
  subject = "user",
  reads = { "api_keys.status" },
  controls = { soc2 = { "CC6.1" }, iso27001 = { "A.5.17" }, nist80053 = { "AC-6", "IA-5 f" }, cis8 = { "5.1" } },
  params = {
    maximum = { type = "integer", default = 5, minimum = 0, doc = "Keys that one user may have made and that are not known to be dead." },
  },
  measure = { name = "keys that may work", unit = "keys", edges = { 1, 2, 3, 6, 11, 21 } },
  why = "Keys that one person made by the dozen are not replaced, and all are in doubt on the day that the person leaves.",
  fix = "Set the keys that nobody uses inactive and archive them (console or API); keys cannot be deleted. Make those of a service in a service account.",

  check = function(user, _, params)
    local made = user:count("keys")
    if made == 0 then return not_applicable("has made no key") end
    -- A word that is not known may be a live key: whatever is not known to be dead counts.
    local live = made - user:count("keys", { status = { "inactive", "archived", "expired" } })
    measure(live)
    if live <= params.maximum then return pass() end
    return fail(string.format("keys that may work: %d, at most %d allowed", live, params.maximum), { live = live }, string.format("at most %d", params.maximum))
  end,

  examples = {
    {
      note = "one, as many as allowed, and a dead one of each kind",
      given = {
        user = { id = "user_1" },
        api_keys = {
          { id = "apikey_1", status = "active", created_by_id = "user_1", created_by_type = "user" },
          { id = "apikey_2", status = "inactive", created_by_id = "user_1", created_by_type = "user" },
          { id = "apikey_3", status = "archived", created_by_id = "user_1", created_by_type = "user" },
          { id = "apikey_4", status = "expired", created_by_id = "user_1", created_by_type = "user" },
        },
        params = { maximum = 1 },
      },
      want = "pass",
    },
    {
      note = "one too many; a status of tomorrow counts",
      given = {
        user = { id = "user_1" },
        api_keys = {
          { id = "apikey_1", status = "active", created_by_id = "user_1", created_by_type = "user" },
          { id = "apikey_2", status = "paused", created_by_id = "user_1", created_by_type = "user" },
        },
        params = { maximum = 1 },
      },
      want = { verdict = "fail", reason = "keys that may work: 2, at most 1 allowed", observed = { live = 2 }, measure = 2 },
    },
    {
      note = "a single key is a key",
      given = {
        user = { id = "user_1" },
        api_keys = { { id = "apikey_1", status = "active", created_by_id = "user_1", created_by_type = "user" } },
      },
      want = "pass",
    },
    {
      note = "none",
      given = { user = { id = "user_1" }, api_keys = {} },
      want = { verdict = "not_applicable", reason = "has made no key" },
    },
    { note = "keys were not collected", given = { user = { id = "user_1" }, incomplete = { "api_keys" } }, want = "unknown" },
  },
}
