---@type muster.Rule
return {
  id = "roles.known",
  title = "Every account has a role that the policy knows",
  severity = "medium",
  subject = "user",
  reads = { "users.role" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.5.15", "A.5.18" }, nist80053 = { "AC-2 c", "AC-2 d" }, cis8 = { "6.8" }, pci4 = { "7.2.1" } },
  params = {
    roles = {
      type = "string_list",
      default = { "admin", "billing", "claude_code_user", "developer", "managed", "membership_admin", "owner", "primary_owner", "user" },
      doc = "Organization roles that somebody has looked at.",
    },
  },
  why = "A role that is new to the platform gives rights that nobody has judged, and no rule about administrators counts it.",
  fix = "Look up what the role may do; then name it in the policy, or give the account another one (console, Settings > Members; the API sets "
    .. "ordinary roles only).",

  check = function(user, _, params)
    local role = user.role
    if params.roles:has(role) then return pass() end
    return fail("the policy does not know the role " .. role, { role = role }, params.roles)
  end,

  examples = {
    { note = "known", given = { user = { role = "developer" } }, want = "pass" },
    {
      note = "new to the platform",
      given = { user = { role = "super_admin" } },
      want = { verdict = "fail", reason = "the policy does not know the role super_admin", observed = { role = "super_admin" } },
    },
    { note = "replies before 2026-06 lack it", given = { user = { id = "user_1" } }, want = "unknown" },
  },
}
