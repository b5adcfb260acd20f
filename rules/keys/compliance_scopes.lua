---@type muster.Rule
return {
  id = "keys.compliance_scopes",
  title = "Compliance keys may do no more than the policy declares",
  severity = "high",
  subject = "compliance_key",
  reads = { "compliance_keys.is_active", "compliance_keys.scopes" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.8.2", "A.8.3" }, nist80053 = { "AC-6" }, cis8 = { "6.8" }, pci4 = { "7.2.5" } },
  params = {
    allowed = {
      type = "string_list",
      default = { "read:compliance_activities", "read:org_audit" },
      doc = "Scopes that a key may have.",
    },
  },
  why = "A key that may delete or read content is a far greater loss than one that reads the list of activities.",
  fix = "Make a compliance key with fewer scopes in the console, move its user over, and switch this one off there. Scopes are fixed when a key is made; "
    .. "the API cannot change them.",

  check = function(key, _, params)
    if not key.is_active then return not_applicable("switched off") end
    if #key.scopes == 0 then return unknown("the reply names no scopes") end
    local beyond = {}
    for scope in key.scopes:items() do
      if not params.allowed:has(scope) then table.insert(beyond, scope) end
    end
    if #beyond == 0 then return pass() end
    return fail("scopes beyond those declared: " .. table.concat(beyond, ", "), { scopes = key.scopes }, params.allowed)
  end,

  examples = {
    { note = "as declared", given = { compliance_key = { is_active = true, scopes = { "read:org_audit" } } }, want = "pass" },
    {
      note = "one more, and one that is allowed",
      given = { compliance_key = { is_active = true, scopes = { "read:org_audit", "delete:compliance_user_data" } } },
      want = { verdict = "fail", reason = "scopes beyond those declared: delete:compliance_user_data" },
    },
    { note = "off", given = { compliance_key = { is_active = false } }, want = { verdict = "not_applicable", reason = "switched off" } },
    {
      note = "no scopes are no proof",
      given = { compliance_key = { is_active = true, scopes = {} } },
      want = { verdict = "unknown", reason = "the reply names no scopes" },
    },
    { note = "no such field", given = { compliance_key = { is_active = true } }, want = "unknown" },
  },
}
