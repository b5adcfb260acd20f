local settings = require("lib.settings")
local known_modes = require("lib.words").provisioning_modes

---@type muster.Rule
return {
  id = "organization.provisioning",
  title = "Accounts are made and removed by the directory",
  severity = "medium",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.16", "A.5.18" },
    nist80053 = { "AC-2(1)", "PS-4 a" },
    cis8 = { "5.6", "6.1", "6.2" },
    pci4 = { "8.2.4" },
    hipaa = { "164.308(a)(3)(ii)(A)" },
  },
  params = {
    modes = { type = "string_list", default = { "scim_advanced", "scim_permissive" }, doc = "Provisioning modes that the policy allows." },
  },
  why = "In the modes that make an account at the first sign-in nobody takes it away again when the person leaves.",
  fix = "Choose SCIM provisioning in the console (Settings > Identity and access). The API shows the mode and cannot change it.",

  check = function(organization, _, params)
    local setting = settings.find(organization, "sso_provisioning_mode")
    if not setting then return unknown("sso_provisioning_mode is not reported") end
    local mode = setting.value
    if params.modes:has(mode) then return pass() end
    if not known_modes[mode] then return unknown("provisioning mode " .. mode .. " is not known to this rule") end
    return fail("provisioning mode is " .. mode, { mode = mode }, params.modes)
  end,

  examples = {
    {
      note = "from the directory",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_provisioning_mode", value = "scim_advanced" },
        },
      },
      want = "pass",
    },
    {
      note = "login_only",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_provisioning_mode", value = "login_only" },
        },
      },
      want = { verdict = "fail", reason = "provisioning mode is login_only" },
    },
    {
      note = "jit_permissive",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_provisioning_mode", value = "jit_permissive" },
        },
      },
      want = { verdict = "fail", reason = "provisioning mode is jit_permissive" },
    },
    {
      note = "jit_advanced",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_provisioning_mode", value = "jit_advanced" },
        },
      },
      want = { verdict = "fail", reason = "provisioning mode is jit_advanced" },
    },
    {
      note = "scim_permissive where the policy wants the strict one",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_provisioning_mode", value = "scim_permissive" },
        },
        params = { modes = { "scim_advanced" } },
      },
      want = { verdict = "fail", reason = "provisioning mode is scim_permissive" },
    },
    {
      note = "scim_advanced where the policy wants another",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_provisioning_mode", value = "scim_advanced" },
        },
        params = { modes = { "login_only" } },
      },
      want = { verdict = "fail", reason = "provisioning mode is scim_advanced" },
    },
    {
      note = "a mode of tomorrow",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "sso_provisioning_mode", value = "passkey" },
        },
      },
      want = { verdict = "unknown", reason = "provisioning mode passkey is not known to this rule" },
    },
    {
      note = "not reported",
      given = {
        organization = { id = "org-1" },
        settings = {},
      },
      want = { verdict = "unknown", reason = "sso_provisioning_mode is not reported" },
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
