-- Names by pattern, as a policy declares them: "prod-*".
local names = {}

-- Which department a thing belongs to by entries `department=pattern`, when that is another one than the person's; nil when it is nobody's, or theirs too.
function names.foreign_owner(name, department, owned)
  local other
  for entry in owned:items() do
    local sides = entry:split("=")
    if #sides ~= 2 then error("owned: write department=pattern, as Finance=Finance*, not '" .. entry .. "'") end
    if name:glob(sides[2]) then
      if sides[1] == department then return nil end
      other = sides[1]
    end
  end
  return other
end

return names
