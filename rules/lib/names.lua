-- Names by pattern, as a policy declares them: "prod-*".
local names = {}

-- Which department a thing belongs to by entries `department=pattern`, when that is another one than the person's; nil when it is nobody's, or theirs too.
function names.foreign_owner(name, department, owned)
  local other
  for _, owner in ipairs(owned:keys_of(name)) do
    if owner == department then return nil end
    other = owner
  end
  return other
end

return names
