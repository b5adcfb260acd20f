local settings = require("lib.settings")

---@type muster.Rule
return {
  id = "organization.features",
  title = "Features are switched as the policy declares them",
  severity = "medium",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.8.3" },
    nist80053 = { "AC-3", "AC-6" },
    pci4 = { "7.2.1" },
    hipaa = { "164.312(a)(1)" },
  },
  params = {
    on = { type = "string_list", default = {}, doc = "Settings that must be on." },
    off = { type = "string_list", default = { "code_execution_network_egress_enabled" }, doc = "Settings that must be off." },
  },
  why = "A feature that somebody switched on lets data out by a way that nobody looked at.",
  fix = "Set the switches in the console (Settings > Capabilities, Privacy) as declared, or declare them as they are in the policy, with a "
    .. "reason. The API shows them and cannot change them.",

  check = settings.judge_switches,

  examples = {
    {
      note = "as declared",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "code_execution_network_egress_enabled", value = false },
        },
      },
      want = "pass",
    },
    {
      note = "the other way round",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "code_execution_network_egress_enabled", value = true },
        },
      },
      want = {
        verdict = "fail",
        reason = "code_execution_network_egress_enabled is on",
        observed = { wrong = { "code_execution_network_egress_enabled is on" } },
      },
    },
    {
      note = "not reported is not off, and not on",
      given = {
        organization = { id = "org-1" },
        settings = {},
      },
      want = { verdict = "unknown", reason = "not reported as on or off: code_execution_network_egress_enabled" },
    },
    {
      note = "neither on nor off",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "code_execution_network_egress_enabled", value = "forced" },
        },
      },
      want = { verdict = "unknown", reason = "not reported as on or off: code_execution_network_egress_enabled" },
    },
    {
      note = "what is wrong decides, though another is not reported",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "code_execution_network_egress_enabled", value = true },
        },
        params = { on = {}, off = { "code_execution_network_egress_enabled", "chat_enabled" } },
      },
      want = { verdict = "fail", reason = "code_execution_network_egress_enabled is on" },
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
          { organization_id = "org-1", name = "code_execution_network_egress_enabled", value = false },
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
