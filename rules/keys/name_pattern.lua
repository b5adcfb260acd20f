local words = require("lib.words")

---@type muster.Rule
return {
  id = "keys.name_pattern",
  title = "Active keys are named as provisioning names them",
  severity = "low",
  subject = "api_key",
  reads = { "api_keys.status", "api_keys.name" },
  controls = { soc2 = { "CC6.1" }, iso27001 = { "A.5.17" }, nist80053 = { "IA-5", "AC-2 e" }, cis8 = { "5.5" }, pci4 = { "8.6.1" } },
  params = {
    patterns = { type = "string_list", default = {}, doc = "Names, or patterns, that provisioning gives; without any, nothing can be decided." },
  },
  why = "A key whose name says nothing was made by hand, and nobody dares to switch it off.",
  fix = "Rename the key (console or API) when it was made by provisioning; else make one there, move its users over and archive this one.",

  check = function(key, _, params)
    if not words.key_statuses[key.status] then return unknown("status " .. key.status .. " is not known to this rule") end
    if key.status ~= "active" then return not_applicable("status is " .. key.status) end
    if #params.patterns == 0 then return unknown("the policy names no patterns") end
    if key:fits("name", params.patterns) then return pass() end
    return fail("the name is none that provisioning gives", { name = key.name }, params.patterns)
  end,

  examples = {
    {
      note = "as declared",
      given = { api_key = { status = "active", name = "svc-billing-prod" }, params = { patterns = { "ci-*", "svc-*" } } },
      want = "pass",
    },
    {
      note = "by hand",
      given = { api_key = { status = "active", name = "test2" }, params = { patterns = { "ci-*", "svc-*" } } },
      want = { verdict = "fail", reason = "the name is none that provisioning gives" },
    },
    {
      note = "nothing declared",
      given = { api_key = { status = "active", name = "svc-billing-prod" } },
      want = { verdict = "unknown", reason = "the policy names no patterns" },
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
