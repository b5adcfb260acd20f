-- Names by pattern, as a policy declares them: "prod-*".
local names = {}

-- Whether the name fits one of the patterns.
function names.fits(name, patterns)
  for pattern in patterns:items() do
    if name:glob(pattern) then return true end
  end
  return false
end

return names
