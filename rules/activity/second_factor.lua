---@type muster.Rule
return {
  id = "activity.second_factor",
  title = "Nobody signs in without a second factor",
  severity = "high",
  subject = "user",
  reads = { "activities.type", "activities.auth_method", "activities.mfa_method", "activities.created_at" },
  controls = {
    soc2 = { "CC6.1", "CC6.6" },
    iso27001 = { "A.8.5" },
    nist80053 = { "IA-2(1)", "IA-2(2)" },
    cis8 = { "6.3", "6.5" },
    pci4 = { "8.4.2", "8.4.3" },
    hipaa = { "164.312(d)" },
  },
  params = {
    types = {
      type = "string_list",
      default = { "magic_link_login_succeeded", "social_login_succeeded", "sso_login_succeeded" },
      doc = "Types of events that are sign-ins.",
    },
    delegated = {
      type = "string_list",
      default = { "sso" },
      doc = "Ways of signing in (`auth_method`) whose second factor the identity provider asks for, and Anthropic does not see.",
    },
  },
  why = "A password or a mailbox alone is lost more easily than it is noticed.",
  fix = "Require single sign-on (console, Settings > Identity and access), and a second factor at the identity provider. The API shows sign-ins and "
    .. "cannot change how they are made.",

  -- Whether the identity provider asked for one is in the provider's own log, not here.
  check = function(user, _, params)
    if user:count("activities") == 0 then return not_applicable("did nothing, as far as was collected") end
    local logins, without, silent, last = 0, 0, 0, nil
    for event in user:activities({ type = params.types }) do
      logins = logins + 1
      if not params.delegated:has(event:get("auth_method", "")) then
        if event:is_absent("mfa_method") then
          silent = silent + 1
        elseif event:is_null("mfa_method") then
          without = without + 1
          -- equivalent >=: of two at one instant either is the last
          if not last or event.created_at > last.created_at then last = event end
        end
      end
    end
    if without > 0 then
      return fail({
        reason = string.format("sign-ins without a second factor: %d, the last on %s", without, last.created_at:date()),
        observed = { sign_ins = logins, without = without },
        expected = "a second factor",
        related = { last },
      })
    end
    if silent > 0 then return unknown(string.format("sign-ins that do not say whether there was a second factor: %d", silent)) end
    if logins == 0 then return not_applicable("did not sign in, as far as was collected") end
    return pass()
  end,

  examples = (function()
    local function given(...)
      local activities = {}
      for i, row in ipairs({ ... }) do
        activities[i] = row
        row.id = "activity_" .. i
        row.actor_user_id = "user_1"
        row.type = row.type or "magic_link_login_succeeded"
        row.created_at = row.created_at or "2026-11-19T00:00:00Z"
      end
      return { user = { id = "user_1" }, activities = activities }
    end
    return {
      { note = "with one", given = given({ auth_method = "magic_link", mfa_method = "totp" }), want = "pass" },
      { note = "the identity provider asks", given = given({ type = "sso_login_succeeded", auth_method = "sso", mfa_method = null }), want = "pass" },
      {
        note = "twice without; what is no sign-in does not count",
        given = given(
          { auth_method = "magic_link", mfa_method = null, created_at = "2026-11-18T00:00:00Z" },
          { type = "claude_chat_created", mfa_method = null },
          { mfa_method = null, created_at = "2026-11-19T00:00:00Z" },
          { auth_method = "magic_link", mfa_method = "totp", created_at = "2026-11-20T00:00:00Z" }
        ),
        want = {
          verdict = "fail",
          reason = "sign-ins without a second factor: 2, the last on 2026-11-19",
          observed = { sign_ins = 3, without = 2 },
        },
      },
      {
        note = "newest first",
        given = given({ mfa_method = null, created_at = "2026-11-19T00:00:00Z" }, { mfa_method = null, created_at = "2026-11-18T00:00:00Z" }),
        want = { verdict = "fail", reason = "sign-ins without a second factor: 2, the last on 2026-11-19" },
      },
      {
        note = "once without",
        given = given({ mfa_method = null }),
        want = { verdict = "fail", reason = "sign-ins without a second factor: 1, the last on 2026-11-19" },
      },
      {
        note = "one that does not say",
        given = given({ auth_method = "magic_link" }, { mfa_method = "totp" }),
        want = { verdict = "unknown", reason = "sign-ins that do not say whether there was a second factor: 1" },
      },
      {
        note = "no sign-in",
        given = given({ type = "claude_chat_created" }),
        want = { verdict = "not_applicable", reason = "did not sign in, as far as was collected" },
      },
      { note = "nothing", given = given(), want = { verdict = "not_applicable", reason = "did nothing, as far as was collected" } },
      { note = "no feed", given = { user = { id = "user_1" }, incomplete = { "activities" } }, want = "unknown" },
    }
  end)(),
}
