local settings = require("lib.settings")

---@type muster.Rule
return {
  id = "organization.session_length",
  title = "Sessions end in time",
  severity = "medium",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.8.5" },
    nist80053 = { "AC-12" },
    pci4 = { "8.2.8" },
    hipaa = { "164.312(a)(2)(iii)" },
  },
  params = {
    hours = { type = "integer", default = 12, minimum = 1, doc = "Hours that a session may last." },
  },
  why = "A session that outlives the working day is open to whoever finds the laptop, and to a leaver after the last day.",
  fix = "Set the session length in the console (Settings > Security). The API shows it and cannot change it. PCI DSS means idle time, which "
    .. "the API does not tell: this test supports its requirement only in part.",

  check = function(organization, _, params)
    local setting = settings.find(organization, "account_session_duration_seconds")
    if not setting then return unknown("account_session_duration_seconds is not reported") end
    if setting:is_null("value") then return fail("sessions never end", nil, string.format("at most %d hours", params.hours)) end
    local seconds = setting.value
    if type(seconds) ~= "number" then return unknown("account_session_duration_seconds is not a number") end
    if seconds <= 0 then return unknown(string.format("a session of %d seconds means nothing that this rule knows", seconds)) end
    if seconds <= params.hours * 3600 then return pass() end
    return fail(
      string.format("sessions last %d seconds, more than %d hours", seconds, params.hours),
      { seconds = seconds },
      string.format("at most %d hours", params.hours)
    )
  end,

  examples = {
    {
      note = "12 hours to the second",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "account_session_duration_seconds", value = 43200 },
        },
      },
      want = "pass",
    },
    {
      note = "a second more",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "account_session_duration_seconds", value = 43201 },
        },
      },
      want = { verdict = "fail", reason = "sessions last 43201 seconds, more than 12 hours", observed = { seconds = 43201 } },
    },
    {
      note = "one second is a session",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "account_session_duration_seconds", value = 1 },
        },
      },
      want = "pass",
    },
    {
      note = "no limit",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "account_session_duration_seconds", value = null },
        },
      },
      want = { verdict = "fail", reason = "sessions never end" },
    },
    {
      note = "nothing may mean never or at once",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "account_session_duration_seconds", value = 0 },
        },
      },
      want = { verdict = "unknown", reason = "a session of 0 seconds means nothing that this rule knows" },
    },
    {
      note = "words",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "account_session_duration_seconds", value = "a day" },
        },
      },
      want = { verdict = "unknown", reason = "account_session_duration_seconds is not a number" },
    },
    {
      note = "not reported",
      given = {
        organization = { id = "org-1" },
        settings = {},
      },
      want = { verdict = "unknown", reason = "account_session_duration_seconds is not reported" },
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
