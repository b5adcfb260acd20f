---@type muster.Rule
return {
  id = "accounts.invited",
  title = "New accounts came by an accepted invitation or from the directory",
  severity = "medium",
  subject = "user",
  reads = { "users.accepted_invites", "users.added_at" },
  may_read = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.2" },
    iso27001 = { "A.5.16", "A.5.18" },
    nist80053 = { "AC-2 e", "AC-2 f" },
    cis8 = { "6.1" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(3)(ii)(A)" },
  },
  params = {
    days = {
      type = "integer",
      default = 90,
      minimum = 1,
      doc = "Days back within which accounts that joined are asked; older invitations need not be listed any more.",
    },
    directory_modes = {
      type = "string_list",
      default = { "jit_permissive", "jit_advanced", "scim_permissive", "scim_advanced" },
      doc = "Values of `sso_provisioning_mode` under which accounts come from the directory without an invitation.",
    },
  },
  why = "An account that came neither by an invitation nor from the directory came past the whole of the approval.",
  fix = "Find out who let the account in (activity feed), and have it approved or remove it (console, Settings > Members). The API does not say "
    .. "who sent an invitation.",

  check = function(user, org, params)
    if user.accepted_invites > 0 then return pass() end
    if user:is_before("added_at", org.as_of - days(params.days)) then
      return not_applicable(string.format("joined more than %d days ago", params.days))
    end
    for setting in org:settings({ name = "sso_provisioning_mode" }) do
      local mode = setting.value
      if type(mode) == "string" and params.directory_modes:has(mode) then return not_applicable("accounts come from the directory: " .. mode) end
    end
    local joined = user.added_at
    return fail("joined on " .. joined:date() .. " without an accepted invitation", { added_at = joined }, "an accepted invitation")
  end,

  examples = {
    { note = "invited", given = { user = { accepted_invites = 1, added_at = "2026-11-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" }, want = "pass" },
    {
      note = "found by the address, in other letters; an invitation that was not accepted does not count",
      given = {
        user = { id = "user_1", email = "Ana@N.example", added_at = "2026-11-01T00:00:00Z" },
        users = { { id = "user_2", email = "bo@n.example" } },
        invites = { { id = "i", email = "ana@n.example", status = "accepted" }, { id = "k", email = "bo@n.example", status = "pending" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "pending is not accepted",
      given = {
        user = { id = "user_1", email = "ana@n.example", added_at = "2026-11-01T00:00:00Z" },
        invites = { { id = "i", email = "ana@n.example", status = "pending" } },
        settings = { { organization_id = "o", name = "sso_provisioning_mode", value = "login_only" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "joined on 2026-11-01 without an accepted invitation" },
    },
    {
      note = "the first instant of the window",
      given = { user = { accepted_invites = 0, added_at = "2026-08-22T08:00:00Z" }, settings = {}, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "joined on 2026-08-22 without an accepted invitation" },
    },
    {
      note = "a second before the window",
      given = { user = { accepted_invites = 0, added_at = "2026-08-22T07:59:59Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "joined more than 90 days ago" },
    },
    {
      note = "from the directory",
      given = {
        user = { accepted_invites = 0, added_at = "2026-11-01T00:00:00Z" },
        settings = {
          { organization_id = "o", name = "sso_enabled", value = true },
          { organization_id = "o", name = "sso_provisioning_mode", value = "scim_advanced" },
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "not_applicable", reason = "accounts come from the directory: scim_advanced" },
    },
    {
      note = "a mode that is no word",
      given = {
        user = { accepted_invites = 0, added_at = "2026-11-01T00:00:00Z" },
        settings = { { organization_id = "o", name = "sso_provisioning_mode", value = true } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "fail",
    },
    {
      note = "whether there is a directory was not collected",
      given = { user = { accepted_invites = 0, added_at = "2026-11-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z", incomplete = { "settings" } },
      want = "unknown",
    },
    { note = "the Compliance API does not say when somebody joined", given = { user = { accepted_invites = 0 } }, want = "unknown" },
  },
}
