local settings = require("lib.settings")
local days_of = { day = 1, month = 31 }

---@type muster.Rule
return {
  id = "organization.retention",
  title = "Data is kept no longer than the policy declares",
  severity = "low",
  subject = "organization",
  reads = { "settings.name", "settings.value" },
  controls = { soc2 = { "CC6.5" }, iso27001 = { "A.8.3" }, nist80053 = { "AC-3" } },
  params = {
    days = { type = "integer", default = 400, minimum = 1, doc = "Days that data of any kind may be kept; a month counts 31." },
  },
  why = "What was deleted in time cannot be stolen, nor demanded.",
  fix = "Set the retention periods in the console (Settings > Data and privacy). The API shows them and cannot change them.",

  check = function(organization, _, params)
    local setting = settings.find(organization, "data_retention_periods")
    if not setting then return unknown("data_retention_periods is not reported") end
    local long, any = {}, false
    for kind, period in pairs(setting.value) do
      any = true
      if period.type == "indefinite" then
        table.insert(long, kind .. " without end")
      elseif period.type ~= "fixed" or not days_of[period.timescale] then
        return unknown("the period of " .. kind .. " is not known to this rule")
      elseif period.duration * days_of[period.timescale] > params.days then
        table.insert(long, string.format("%s for %d %ss", kind, period.duration, period.timescale))
      end
    end
    if not any then return unknown("data_retention_periods names no period") end
    if #long == 0 then return pass() end
    return fail("kept too long: " .. table.concat(long, ", "), { periods = setting.value }, string.format("at most %d days", params.days))
  end,

  examples = {
    {
      note = "12 months of 31 days, as long as allowed",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = { chat = { type = "fixed", timescale = "month", duration = 12 } } },
        },
        params = { days = 372 },
      },
      want = "pass",
    },
    {
      note = "a day too long",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = { chat = { type = "fixed", timescale = "month", duration = 12 } } },
        },
        params = { days = 371 },
      },
      want = { verdict = "fail", reason = "kept too long: chat for 12 months" },
    },
    {
      note = "days count as days",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = { chat = { type = "fixed", timescale = "day", duration = 30 } } },
        },
        params = { days = 30 },
      },
      want = "pass",
    },
    {
      note = "one day more than allowed",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = { chat = { type = "fixed", timescale = "day", duration = 31 } } },
        },
        params = { days = 30 },
      },
      want = { verdict = "fail", reason = "kept too long: chat for 31 days" },
    },
    {
      note = "for ever",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = { all = { type = "indefinite" } } },
        },
      },
      want = { verdict = "fail", reason = "kept too long: all without end" },
    },
    {
      note = "a period that came later",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = { chat = { type = "sliding", timescale = "day", duration = 30 } } },
        },
      },
      want = { verdict = "unknown", reason = "the period of chat is not known to this rule" },
    },
    {
      note = "a scale that came later",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = { chat = { type = "fixed", timescale = "year", duration = 1 } } },
        },
      },
      want = { verdict = "unknown", reason = "the period of chat is not known to this rule" },
    },
    {
      note = "no periods",
      given = {
        organization = { id = "org-1" },
        settings = {
          { organization_id = "org-1", name = "data_retention_periods", value = {} },
        },
      },
      want = { verdict = "unknown", reason = "data_retention_periods names no period" },
    },
    {
      note = "not reported",
      given = {
        organization = { id = "org-1" },
        settings = {},
      },
      want = { verdict = "unknown", reason = "data_retention_periods is not reported" },
    },
  },
}
