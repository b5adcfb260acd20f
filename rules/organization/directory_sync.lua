local settings = require("lib.settings")

---@type muster.Rule
return {
  id = "organization.directory_sync",
  title = "Accounts follow the company's directory",
  severity = "medium",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.16", "A.5.18" },
    nist80053 = { "AC-2(1)", "PS-4 a" },
    cis8 = { "5.6", "6.2" },
    pci4 = { "8.2.4", "8.2.5" },
    hipaa = { "164.308(a)(3)(ii)(C)" },
  },
  params = {
    on = { type = "string_list", default = { "directory_sync_enabled" }, doc = "Settings that must be on." },
    off = { type = "string_list", default = {}, doc = "Settings that must be off." },
  },
  why = "Without the directory somebody has to remember each leaver by hand.",
  fix = "Connect the directory in the console (Settings > Identity and access > Directory sync). The API shows this setting and cannot "
    .. "change it.",

  check = settings.judge_switches,

  examples = {
    {
      note = "as declared",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "directory_sync_enabled", value = true },
        },
      },
      want = "pass",
    },
    {
      note = "the other way round",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "directory_sync_enabled", value = false },
        },
      },
      want = {
        verdict = "fail",
        reason = "directory_sync_enabled is off",
        observed = { wrong = { "directory_sync_enabled is off" } },
      },
    },
    {
      note = "not reported is not off, and not on",
      given = {
        organization = { id = "org-1" },
        settings = {},
      },
      want = { verdict = "unknown", reason = "not reported as on or off: directory_sync_enabled" },
    },
    {
      note = "neither on nor off",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "directory_sync_enabled", value = "forced" },
        },
      },
      want = { verdict = "unknown", reason = "not reported as on or off: directory_sync_enabled" },
    },
    {
      note = "what is wrong decides, though another is not reported",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "directory_sync_enabled", value = false },
        },
        params = { on = { "directory_sync_enabled", "chat_enabled" }, off = {} },
      },
      want = { verdict = "fail", reason = "directory_sync_enabled is off" },
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
          { organization_id = "org-1", name = "directory_sync_enabled", value = true },
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
