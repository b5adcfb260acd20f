-- An organization's effective settings. A setting that is not reported is one that the admins cannot control: it may be on or off, so rules answer
-- `unknown` to it, never `pass`.
local settings = {}

-- The setting's record, or nil when it is not reported.
function settings.find(organization, name)
  local found
  for setting in organization:settings({ name = name }) do
    found = setting
  end
  return found
end

-- The whole check of a rule about switches: those named in `on` must be on, those in `off` must be off. One that is wrong decides, else one that nobody
-- knows.
function settings.judge_switches(organization, _, params)
  if #params.on + #params.off == 0 then return unknown("the policy names no settings") end
  local wrong, silent = {}, {}
  local function look(names, wanted)
    for name in names:items() do
      local setting = settings.find(organization, name)
      if not setting or type(setting.value) ~= "boolean" then
        table.insert(silent, name)
      elseif setting.value ~= wanted then
        table.insert(wrong, name .. (wanted and " is off" or " is on"))
      end
    end
  end
  look(params.on, true)
  look(params.off, false)
  if #wrong > 0 then return fail(table.concat(wrong, ", "), { wrong = wrong }, "as the policy declares them") end
  if #silent > 0 then return unknown("not reported as on or off: " .. table.concat(silent, ", ")) end
  return pass()
end

return settings
