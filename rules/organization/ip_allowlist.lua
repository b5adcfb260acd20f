local settings = require("lib.settings")

---@type muster.Rule
return {
  id = "organization.ip_allowlist",
  title = "The organization is reached from known networks only",
  severity = "medium",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.6" },
    iso27001 = { "A.8.3", "A.8.5" },
    nist80053 = { "AC-3", "AC-17" },
    pci4 = { "7.3.1" },
    hipaa = { "164.312(a)(1)" },
  },
  params = {
    on = { type = "string_list", default = { "ip_allowlist_enabled" }, doc = "Settings that must be on." },
    off = { type = "string_list", default = {}, doc = "Settings that must be off." },
  },
  why = "A stolen key or session works from anywhere in the world unless the network is asked too.",
  fix = "Name the networks in the console (Settings > Security > IP allowlist) and switch the list on, after checking that it holds your "
    .. "own. The API shows the list and cannot change it.",

  check = settings.judge_switches,

  examples = {
    {
      note = "as declared",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "ip_allowlist_enabled", value = true },
        },
      },
      want = "pass",
    },
    {
      note = "the other way round",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "ip_allowlist_enabled", value = false },
        },
      },
      want = {
        verdict = "fail",
        reason = "ip_allowlist_enabled is off",
        observed = { wrong = { "ip_allowlist_enabled is off" } },
      },
    },
    {
      note = "not reported is not off, and not on",
      given = {
        organization = { id = "org-1" },
        settings = {},
      },
      want = { verdict = "unknown", reason = "not reported as on or off: ip_allowlist_enabled" },
    },
    {
      note = "neither on nor off",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "ip_allowlist_enabled", value = "forced" },
        },
      },
      want = { verdict = "unknown", reason = "not reported as on or off: ip_allowlist_enabled" },
    },
    {
      note = "what is wrong decides, though another is not reported",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "ip_allowlist_enabled", value = false },
        },
        params = { on = { "ip_allowlist_enabled", "chat_enabled" }, off = {} },
      },
      want = { verdict = "fail", reason = "ip_allowlist_enabled is off" },
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
          { organization_id = "org-1", name = "ip_allowlist_enabled", value = true },
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
