local words = require("lib.words")

---@type muster.Rule
return {
  id = "keys.creator_works_here",
  title = "The maker of an active key still works here",
  severity = "high",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.created_by_id", "api_keys.created_by_type", "users.person_state" },
  controls = { soc2 = { "CC6.1", "CC6.3" }, iso27001 = { "A.5.17", "A.5.18" }, nist80053 = { "PS-4 b", "IA-5 f" }, cis8 = { "6.2" }, pci4 = { "8.2.5" } },
  why = "A leaver may have kept a copy of the key, and the key goes on working when the account is removed.",
  fix = "Make a replacement in the console, move its users over, then set this key inactive and archive it (console or API). Keys cannot be deleted, "
    .. "only archived, and a key cannot be given another creator.",

  check = function(key)
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key.status ~= "active" then return not_applicable("status is " .. key.status) end
    if key:is_null("created_by_id") then return not_applicable("has no creator (legacy, federated or made by the system)") end
    if key.created_by_type == "service_account" then return not_applicable("made by a service account") end
    if key.created_by_type ~= "user" then return unknown("creator of type " .. key.created_by_type .. " is not known to this rule") end
    if key:is_dangling("creator") then return not_applicable("its creator is no longer a member; judged by keys.creator_in_organization") end

    local state = key.creator.person_state
    if state == "active" then return pass() end
    if state == "nonhuman" then return pass("made by a registered non-human identity") end
    if state == "left" or state == "left_unknown_date" then
      return fail("its creator has left", { created_by = key.created_by_id }, "a creator who works here")
    end
    if state == "nobody" then return fail("its creator is nobody on the roster", { created_by = key.created_by_id }, "a creator who works here") end
    return unknown("person state of the creator: " .. state)
  end,

  examples = {
    {
      note = "works here",
      given = { api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" }, users = { { id = "user_1", person_state = "active" } } },
      want = "pass",
    },
    {
      note = "a registered machine",
      given = { api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" }, users = { { id = "user_1", person_state = "nonhuman" } } },
      want = { verdict = "pass", reason = "made by a registered non-human identity" },
    },
    {
      note = "left",
      given = { api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" }, users = { { id = "user_1", person_state = "left" } } },
      want = { verdict = "fail", reason = "its creator has left" },
    },
    {
      note = "left, nobody knows when",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_1", person_state = "left_unknown_date" } },
      },
      want = { verdict = "fail", reason = "its creator has left" },
    },
    {
      note = "nobody",
      given = { api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" }, users = { { id = "user_1", person_state = "nobody" } } },
      want = { verdict = "fail", reason = "its creator is nobody on the roster" },
    },
    {
      note = "two people fit",
      given = {
        api_key = { status = "active", created_by_id = "user_1", created_by_type = "user" },
        users = { { id = "user_1", person_state = "ambiguous" } },
      },
      want = { verdict = "unknown", reason = "person state of the creator: ambiguous" },
    },
    {
      note = "removed already",
      given = { api_key = { status = "active", created_by_id = "user_9", created_by_type = "user" }, users = { { id = "user_1", person_state = "active" } } },
      want = { verdict = "not_applicable", reason = "its creator is no longer a member; judged by keys.creator_in_organization" },
    },
    {
      note = "a service account",
      given = { api_key = { status = "active", created_by_id = "svac_1", created_by_type = "service_account" } },
      want = { verdict = "not_applicable", reason = "made by a service account" },
    },
    {
      note = "an agent",
      given = { api_key = { status = "active", created_by_id = "agent_1", created_by_type = "agent" } },
      want = { verdict = "unknown", reason = "creator of type agent is not known to this rule" },
    },
    {
      note = "nobody made it",
      given = { api_key = { status = "active", created_by_id = null, created_by_type = null } },
      want = { verdict = "not_applicable", reason = "has no creator (legacy, federated or made by the system)" },
    },
    {
      note = "switched off",
      given = { api_key = { status = "inactive" } },
      want = { verdict = "not_applicable", reason = "status is inactive" },
    },
    {
      note = "a status of tomorrow",
      given = { api_key = { status = "paused" } },
      want = { verdict = "unknown", reason = "status paused is not known to this rule" },
    },
  },
}
