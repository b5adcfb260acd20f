local settings = require("lib.settings")

---@type muster.Rule
return {
  id = "organization.sso_enforced",
  title = "Signing in goes through the company's identity provider",
  severity = "high",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.1", "CC6.6" },
    iso27001 = { "A.8.5" },
    nist80053 = { "IA-2(1)", "IA-2(2)" },
    cis8 = { "6.3", "6.5", "6.7" },
    pci4 = { "8.4.1", "8.4.2" },
    hipaa = { "164.312(d)" },
  },
  params = {
    on = { type = "string_list", default = { "sso_enabled", "sso_console_enforced" }, doc = "Settings that must be on." },
    off = { type = "string_list", default = {}, doc = "Settings that must be off." },
  },
  why = "Where people can sign in past the identity provider, they get around its second factor and its leaver process.",
  fix = "Set up single sign-on in the console (Settings > Identity and access) and require it. The API shows these settings and cannot "
    .. "change them. muster sees that sign-on is enforced, not which factors the provider asks for.",

  check = settings.judge_switches,

  examples = {
    {
      note = "as declared",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_enabled", value = true },
          { organization_id = "org-1", name = "sso_console_enforced", value = true },
        },
      },
      want = "pass",
    },
    {
      note = "the other way round",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_enabled", value = false },
          { organization_id = "org-1", name = "sso_console_enforced", value = true },
        },
      },
      want = {
        verdict = "fail",
        reason = "sso_enabled is off",
        observed = { wrong = { "sso_enabled is off" } },
      },
    },
    {
      note = "not reported is not off, and not on",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_console_enforced", value = true },
        },
      },
      want = { verdict = "unknown", reason = "not reported as on or off: sso_enabled" },
    },
    {
      note = "neither on nor off",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_enabled", value = "forced" },
          { organization_id = "org-1", name = "sso_console_enforced", value = true },
        },
      },
      want = { verdict = "unknown", reason = "not reported as on or off: sso_enabled" },
    },
    {
      note = "what is wrong decides, though another is not reported",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_enabled", value = false },
        },
        params = { on = { "sso_enabled", "chat_enabled" }, off = {} },
      },
      want = { verdict = "fail", reason = "sso_enabled is off" },
    },
    {
      note = "on and off, both as declared",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "a", value = true },
          { organization_id = "org-1", name = "b", value = false },
        },
        params = { on = { "a" }, off = { "b" } },
      },
      want = "pass",
    },
    {
      note = "one that should be off is on",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "a", value = true },
          { organization_id = "org-1", name = "b", value = true },
        },
        params = { on = { "a" }, off = { "b" } },
      },
      want = { verdict = "fail", reason = "b is on" },
    },
    {
      note = "nothing declared",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_enabled", value = true },
          { organization_id = "org-1", name = "sso_console_enforced", value = true },
        },
        params = { on = {}, off = {} },
      },
      want = { verdict = "unknown", reason = "the policy names no settings" },
    },
    {
      note = "settings were not collected",
      given = {
        organization = { id = "org-1" },
        incomplete = { "settings" },
      },
      want = "unknown",
    },
  },
}
